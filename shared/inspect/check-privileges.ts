import type { Level } from '../contracts/doctor-report.ts';
import type { KnownIdentity } from './identity.ts';
import { type Extent, grantCommands } from './least-privileges.ts';
import type { NeededPrivilege } from './needed-privileges.ts';
import type { HeldPrivilege } from './reach.ts';
import type { Check } from './report.ts';

/** Without what only the checks need, or business units, rows are linked all the same. */
const levelOf = ({ need }: NeededPrivilege): Level =>
  need === 'checks' ? 'note' : need === 'units' ? 'warning' : 'fault';

/**
 * Holds the identities against what is needed. What one lacks, another that lacks nothing does in its place. But one that
 * reaches too little is never refused: it just does not see the rows, and nobody would notice.
 */
export function checkPrivileges(
  identities: readonly KnownIdentity[],
  needed: readonly NeededPrivilege[],
  extent: Extent = 'linking',
): Check[] {
  const grant = grantCommands[extent];
  const isSpared = (need: NeededPrivilege['need']): boolean =>
    identities.some((identity) => missing(identity, needed, (one) => one.need === need).length === 0);
  return identities.flatMap((identity) => {
    const { name, privileges } = identity;
    if (privileges === undefined) return [];
    const lacks = missing(identity, needed, () => true);
    const subjects = [...new Set(needed.map(({ subject }) => subject))];
    return [
      ...lacks.flatMap((one) => lacking(name, one, grant, isSpared(one.need))),
      ...needed.flatMap((one) => {
        const held = privileges.get(one.name.toLowerCase());
        return held === undefined ? [] : tooLow(name, one, held, grant);
      }),
      ...subjects.flatMap((subject): Check[] => {
        const ofSubject = needed.filter((one) => one.subject === subject);
        if (ofSubject.some((one) => lacks.includes(one))) return [];
        const finding = `${name} has ${ofSubject.map((one) => one.name).join(', ')}.`;
        return [{ code: 'privileges', level: 'good', subject, finding }];
      }),
    ];
  });
}

/** What there is to say of identities whose privileges may not be read. */
export const unknownPrivileges = (
  identities: readonly KnownIdentity[],
  needed: readonly Pick<NeededPrivilege, 'name'>[],
): Check[] =>
  identities
    .filter(({ privileges }) => privileges === undefined)
    .map(({ name }) => ({
      code: 'privileges-unknown',
      level: 'note',
      subject: name,
      finding: `The privileges of ${name} cannot be checked: it may not read them.`,
      remedy: `Give its role the privilege to read users (prvReadUser), or see to it that the role has: ${needed.map((one) => one.name).join(', ')}.`,
    }));

/** Nothing is missing to whom nothing is known of: it may well have it. */
const missing = (
  { privileges }: KnownIdentity,
  needed: readonly NeededPrivilege[],
  isMeant: (one: NeededPrivilege) => boolean,
): NeededPrivilege[] =>
  privileges === undefined ? [] : needed.filter((one) => isMeant(one) && !privileges.has(one.name.toLowerCase()));

/** What an identity lacks that links rows is worth a word even where another does its part; anything else is not. */
function lacking(name: string, one: NeededPrivilege, grant: string, isSpared: boolean): Check[] {
  if (isSpared && one.need !== 'linking') return [];
  const instead = isSpared ? ' Meanwhile another identity does its part.' : '';
  return [
    {
      code: 'privilege-missing',
      level: isSpared ? 'warning' : levelOf(one),
      subject: one.subject,
      finding: `${name} lacks ${one.name}, needed to ${one.purpose}.`,
      remedy: `Run "${grant}", or add ${one.name} at organisation level to a security role of the application user.${instead}`,
    },
  ];
}

/** What there is to say of a privilege that does not reach every row. */
function tooLow(name: string, needed: NeededPrivilege, held: HeldPrivilege, grant: string): Check[] {
  const { depth, isEverywhere, mayReachFurther } = held;
  if (needed.isGlobal ? depth === 'Global' : isEverywhere) return [];
  const level = levelOf(needed);
  const common = { code: 'privilege-depth', subject: needed.subject } as const;
  if (mayReachFurther) {
    return [
      {
        ...common,
        level: level === 'fault' ? 'warning' : level,
        finding: `${name} has ${needed.name} at depth Basic, or through a team, of which Dataverse does not tell the depth: rows of other business units may be out of its reach.`,
        remedy: `Run "${grant}", or give the application user a role with ${needed.name} at organisation level, directly and not through a team; or let it read teams (prvReadTeam).`,
      },
    ];
  }
  const why = isEverywhere
    ? 'the changes of a table are told to nobody but those who have it at organisation level.'
    : isEverywhere === undefined
      ? 'whether that reaches every business unit cannot be told, since it may not read them.'
      : `rows of other ${depth === 'Basic' ? 'owners' : 'business units'} are out of its reach.`;
  return [
    {
      ...common,
      level,
      finding: `${name} has ${needed.name} at depth ${depth} only: ${why}`,
      remedy: `Run "${grant}", or raise ${needed.name} to organisation level.`,
    },
  ];
}
