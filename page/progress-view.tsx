import { counted } from '../shared/counted.ts';
import { durationText, numberText } from './format.ts';
import type { Progress } from './progress.ts';

/** How far work has come, in one line: rows, time at work and speed on one basis, and what is left where that is known. */
export const ProgressLine = ({
  progress,
  isGoing,
  name,
}: {
  readonly progress: Progress | undefined;
  readonly isGoing: boolean;
  /** What is at work, for the bar. */
  readonly name: string;
}) => {
  if (progress === undefined) return undefined;
  const { rows, workedMs, perSecond, total, leftMs } = progress;
  const share = total === undefined || total === 0 ? undefined : Math.min(1, rows / total);
  return (
    <p class="progress">
      {isGoing ? <progress aria-label={`${name} is at work`} value={share} max={1} /> : undefined}
      <span>
        {isGoing && share !== undefined && total !== undefined
          ? `${numberText(rows)} of about ${counted(total, 'row')}, ${Math.floor(share * 100)} %, `
          : `${counted(rows, 'row')} `}
        {`in ${durationText(workedMs)} at work, ${numberText(perSecond)} rows/s`}
        {isGoing && leftMs !== undefined ? `, about ${durationText(leftMs)} left` : ''}
      </span>
    </p>
  );
};
