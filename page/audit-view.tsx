import type { AuditList } from '../shared/api/schemas.ts';
import type { AuditAction, AuditEntry } from '../shared/contracts/audit.ts';
import { type Column, DataTable } from './data-table.tsx';
import { Time, To } from './parts.tsx';
import { runPlace } from './place.ts';
import { Who } from './run-view.tsx';
import type { Actions } from './state.ts';

const actionNames: Readonly<Record<AuditAction, string>> = {
  run: 'started a run',
  confirm: 'confirmed',
  cancel: 'canceled a run',
  refresh: 'had segments counted',
  export: 'saved rows as CSV',
};

/** Who started, confirmed, canceled and exported what, newest first. */
export const AuditView = ({
  audit: { entries, continuation },
  actions,
  now,
}: {
  readonly audit: AuditList;
  readonly actions: Actions;
  readonly now: number;
}) => {
  if (entries.length === 0) return <p>Nobody has done anything yet.</p>;
  const columns: Column<AuditEntry>[] = [
    { name: 'When', cell: ({ at }) => <Time at={at} now={now} /> },
    { name: 'Who', isLong: true, cell: ({ by }) => <Who who={by} actions={actions} /> },
    {
      name: 'Did what',
      isLong: true,
      cell: ({ action, detail }) => [actionNames[action], detail].filter(Boolean).join(': '),
    },
    { name: 'Tables', isLong: true, cell: ({ tables }) => tables?.join(', ') ?? 'all' },
    {
      name: 'Run',
      cell: ({ runId }) => (runId === undefined ? '–' : <To place={runPlace(runId)}>{runId.slice(0, 8)}</To>),
    },
  ];
  return (
    <>
      <DataTable
        caption="Who did what, newest first"
        columns={columns}
        rows={entries}
        keyOf={({ at, action, runId }) => `${at} ${action} ${runId}`}
      />
      {entries.some(({ by }) => by.kind === 'key') ? (
        <p class="quiet">
          Which of the app's function keys it was, the platform does not tell the app. Where people sign in, names stand
          here.
        </p>
      ) : undefined}
      {continuation === undefined ? undefined : (
        <p class="quiet">These are the newest; the API and the command line tell of older ones.</p>
      )}
    </>
  );
};
