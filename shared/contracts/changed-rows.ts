/** Of a task's counters, those of rows that were written. */
interface Written {
  readonly linked: number;
  readonly relinked: number;
  readonly cleared: number;
  readonly assigned?: number | undefined;
}

/** Rows that were written. Apart from the schemas, which the page does without. */
export const changedRows = ({ linked, relinked, cleared, assigned = 0 }: Written): number =>
  linked + relinked + cleared + assigned;
