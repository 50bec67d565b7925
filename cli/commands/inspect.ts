import type { Command } from 'commander';
import type { AddCommand } from '../add-command.ts';
import { exitCodes } from '../exit-code.ts';
import { allSegments, countSegments, segmentsText } from '../segments.ts';
import type { Session } from '../session.ts';
import { discoveryText, doctorText } from '../show.ts';
import { writeSetup } from '../write-setup.ts';

/** Commands that look into the organisation. */
export function addInspecting(add: AddCommand, session: Session): void {
  add('discover', 'read the set-up from the map', ['discover', 'discover --write infra/unification.json'])
    .option('--write <file>', 'write the set-up to this file too; what else stands in it stays')
    .action(async ({ write }: { write?: string }, command: Command) => {
      const app = await session.connect(command);
      const discovery = await app.discover();
      session.show(discovery, discoveryText);
      if (discovery.setup === undefined) session.exitCode = exitCodes.bad;
      else if (write !== undefined) session.tell(await writeSetup(write, discovery.setup));
    });

  add('doctor', 'check everything that linking needs', ['doctor']).action(async (_options, command: Command) => {
    const app = await session.connect(command);
    const report = await app.doctor();
    session.show(report, doctorText);
    const levels = report.checks.map(({ level }) => level);
    if (levels.includes('warning')) session.exitCode = exitCodes.warnings;
    if (levels.includes('fault')) session.exitCode = exitCodes.bad;
  });

  add('segments', 'segments with their business units, and what is in the way of Dynamics 365 Marketing', [
    'segments --refresh',
  ])
    .option('--refresh', 'count the members anew first')
    .action(async ({ refresh = false }: { refresh?: boolean }, command: Command) => {
      const app = await session.connect(command);
      if (refresh) await countSegments(app, session.world);
      session.show(await allSegments(app), segmentsText);
    });
}
