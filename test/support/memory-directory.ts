import type { Row } from '../../shared/dataverse/dataverse.ts';

/** A team of an organisation in memory. */
export interface MemoryTeam {
  readonly id: string;
  readonly unitId: string;
  readonly roles: readonly string[];
  /** Tables whose rows its roles let it read. */
  readonly reads: readonly string[];
}

const rights = ['Read', 'Write', 'Assign'] as const;
const privilege = (right: string, table: string): string => `prv${right}${table}`;

/** Who may do what in an organisation in memory, as the functions of the Web API answer it. */
export class MemoryDirectory {
  readonly teams: MemoryTeam[] = [];
  /** Privileges that the app does not have. */
  readonly withheld = new Set<string>();

  /** What a function answers, or definitions, at a path below the API's root. */
  read(path: string, tables: readonly string[]): Row {
    if (path === 'WhoAmI') return { UserId: '99999999-0000-4000-8000-000000000001' };
    const [, set = '', id = '', what = ''] = /^(systemusers|teams)\(([^)]+)\)\/(.*)$/.exec(path) ?? [];
    const team = this.teams.find((one) => one.id === id);
    if (what.startsWith('teamroles_association')) return { value: (team?.roles ?? []).map((name) => ({ name })) };
    if (what.endsWith('Privileges()')) {
      const held =
        set === 'teams'
          ? (team?.reads ?? []).map((table) => privilege('Read', table))
          : tables.flatMap((table) => rights.map((right) => privilege(right, table)));
      const RolePrivileges = held
        .filter((name) => set === 'teams' || !this.withheld.has(name))
        .map((PrivilegeName) => ({ PrivilegeName, Depth: 'Global' }));
      return { RolePrivileges };
    }
    if (path.startsWith('EntityDefinitions?$select=LogicalName')) {
      const Privileges = (table: string) =>
        rights.map((right) => ({ Name: privilege(right, table), PrivilegeType: right }));
      return { value: tables.map((LogicalName) => ({ LogicalName, Privileges: Privileges(LogicalName) })) };
    }
    if (path.startsWith('RelationshipDefinitions')) return { value: [] };
    throw new Error(`Nothing is known of ${path}.`);
  }
}
