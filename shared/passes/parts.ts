import type { RunParts } from '../runs/parts.ts';
import type { Works } from '../runs/work.ts';
import type { Work } from './work.ts';
import type { PassOptions, WorkParts } from './work-parts.ts';

/** What the engine of passes works with. */
export interface PassParts extends RunParts, Pick<WorkParts, 'startTimer'> {
  readonly works: Works<Work>;
  readonly options: PassOptions;
}
