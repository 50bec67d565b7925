import type { Command } from 'commander';
import type { AddCommand } from '../add-command.ts';
import { type GrantValues, toGrantCommand, toRevokeCommand } from '../grant/grant-arguments.ts';
import { runGrant, runRevoke } from '../grant/run-grant.ts';
import type { Session } from '../session.ts';
import { each } from '../values.ts';

/** Options under the names in which they are given. */
export const grantValues = (command: Command): GrantValues =>
  Object.fromEntries(command.options.map((option) => [option.name(), command.getOptionValue(option.attributeName())]));

/** Commands that give the identities what they need in Dataverse, and take it back. */
export function addGranting(add: AddCommand, session: Session): void {
  const { world } = session;
  const forIdentities = (command: Command): Command =>
    command
      .option('--url-dataverse <url>', 'root of the environment; else DATAVERSE_URL')
      .option('--client-id <id>', 'an identity of the app; may be given several times', each())
      .option('--writer-id <id>', 'an identity that only writes links; may be given several times', each())
      .option('--installation <name>', 'roles of another name, for another installation')
      .option('--dry-run', 'show what would be done');

  forIdentities(
    add('grant', 'give the identities what the tables take, in the environment itself', [
      'grant --url-dataverse https://contoso.crm.dynamics.com --client-id <id> --table contact',
      'grant --print --table contact',
    ]),
  )
    .option('-t, --table <table>', 'a table that is linked; may be given several times', each())
    .option('--drop <table>', 'take out what a table took that is not linked any more', each())
    .option('--other-holder <id>', 'a user or team that may hold the roles too', each())
    .option('--bypass', 'what BACKSTAMP_BYPASS needs')
    .option('--business-units', 'what keeping business units apart takes')
    .option('--ownership', 'that, and what seeing to owners takes')
    .option('--print', 'list the privileges, for those who give them by hand')
    .option('--check', 'end with 3 where something is lacking')
    .action(async (_options, command: Command) => {
      const wanted = toGrantCommand(grantValues(command), world.environment);
      session.exitCode = await runGrant(wanted, session.isJson, world);
    });

  forIdentities(
    add('revoke', 'take the roles from the identities, and delete them where nobody else holds them', [
      'revoke --url-dataverse https://contoso.crm.dynamics.com --client-id <id> --dry-run',
    ]),
  ).action(async (_options, command: Command) => {
    const wanted = toRevokeCommand(grantValues(command), world.environment);
    session.exitCode = await runRevoke(wanted, session.isJson, world);
  });
}
