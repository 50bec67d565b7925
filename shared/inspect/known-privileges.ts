import type { InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError, type TerminalError } from '../errors.ts';
import {
  dependsOnUnits,
  type KnownIdentity,
  nameOf,
  privilegesIn,
  securedColumnsIn,
  securedColumnsPath,
  userPrivilegesPath,
  withTeams,
} from './identity.ts';
import {
  type LinkedTable,
  type PrivilegeNames,
  privilegeNamesIn,
  privilegeNamesPaths,
  privilegesByName,
  tablesOfPrivileges,
} from './needed-privileges.ts';
import { type UnitTree, unitsPath, unitTreeIn } from './reach.ts';
import { readThroughTeams } from './through-teams.ts';

/** What is needed of Dataverse. */
export type DefinitionsReader = Pick<InspectableDataverse, 'readObjects'>;

/** What Dataverse says of privileges. */
export interface PrivilegesFound {
  /** Each identity that Dataverse knows; one that it does not know is refused by itself, whatever it is used for. */
  readonly identities: readonly KnownIdentity[];
  /** Names of those that it does not know, or has disabled. */
  readonly unknown: readonly string[];
  /** Why Dataverse does not tell who the identities are. */
  readonly refusal: TerminalError | undefined;
  readonly names: PrivilegeNames;
  /** Some of it was known from before. */
  readonly isRemembered: boolean;
}

/**
 * Reads what the app's identities may do in as few requests as that takes, since every run on every table begins with
 * it. Which user an identity is and what the privileges on a table are called hardly ever change, so they are
 * remembered as long as the process lives; what a user may do is asked each time: two requests at first, then one. Where a user's
 * own roles reach too little, it takes two more to see how far those of its teams do.
 */
export class KnownPrivileges {
  readonly #dataverse: DefinitionsReader;
  readonly #clientIds: readonly string[];
  #users: ReadonlyMap<string, string> = new Map();
  #names: PrivilegeNames = new Map();
  #organisationId: string | undefined;

  /** @param clientIds of the identities; none where there is only the host's own */
  constructor(dataverse: DefinitionsReader, clientIds: readonly string[]) {
    this.#dataverse = dataverse;
    this.#clientIds = clientIds;
  }

  /**
   * @param tables whose privileges' names are wanted
   * @param withSecured whether a table has its lookup column closed by column security, so that it matters who may use it
   * @throws TerminalError where the names may not be read
   */
  async read(tables: readonly string[], withSecured: boolean, signal: AbortSignal): Promise<PrivilegesFound> {
    const isWhole = this.#wanted.every((name) => this.#users.has(name)) && tables.every((one) => this.#names.has(one));
    // As they are now: another table's check may forget them while this one waits.
    const { users, names, refusal } = isWhole
      ? { users: this.#users, names: this.#names, refusal: undefined }
      : await this.#learn(tables, signal);
    if (users === undefined) {
      const nothing = { userId: undefined, privileges: undefined, securedColumns: undefined };
      const identities = this.#wanted.map((name) => ({ name, ...nothing }));
      return { identities, unknown: [], refusal, names, isRemembered: false };
    }
    const unknown = this.#wanted.filter((name) => !users.has(name));
    const identities = await this.#ask([...users], neededOf(tables, names), withSecured, signal);
    return { identities, unknown, refusal: undefined, names, isRemembered: isWhole };
  }

  /**
   * What users may do, in one request; the business units and the users' teams too where it depends on them.
   * @param needed names of privileges in lower case; what else reaches too little is not looked into
   */
  async #ask(
    users: readonly (readonly [name: string, userId: string])[],
    needed: readonly string[],
    withSecured: boolean,
    signal: AbortSignal,
  ): Promise<KnownIdentity[]> {
    const paths = users.map(([, userId]) => userPrivilegesPath(userId));
    if (withSecured) paths.push(...users.map(([, userId]) => securedColumnsPath(userId)));
    const answers = (await this.#dataverse.readObjects(paths, 'read privileges', signal)).map(unlessRefused);
    const isKnown = (answer: Row | undefined): answer is Row => answer !== undefined;
    const treeFor = async (some: readonly Row[]) => (some.some(dependsOnUnits) ? this.#readUnits(signal) : undefined);
    const tree = await treeFor(answers.filter(isKnown));
    const identities = users.map(([name, userId], at) => {
      const [answer, secured] = [answers[at], answers[users.length + at]];
      const privileges = answer === undefined ? undefined : privilegesIn(answer, tree);
      const securedColumns = secured === undefined ? undefined : securedColumnsIn(secured);
      return { name, userId, privileges, securedColumns };
    });
    const short = identities.filter(({ privileges }) =>
      needed.some((name) => privileges?.has(name) && !privileges.get(name)?.isEverywhere),
    );
    if (short.length === 0) return identities;
    const userIds = short.map(({ userId }) => userId);
    const teams = await readThroughTeams(this.#dataverse, userIds, signal);
    const teamTree = tree ?? (await treeFor([...teams.values()].flat().filter(isKnown)));
    return identities.map((identity): KnownIdentity => {
      const ofTeams = teams.get(identity.userId);
      if (identity.privileges === undefined || ofTeams === undefined) return identity;
      const given = ofTeams.map((answer) => answer && privilegesIn(answer, teamTree));
      return { ...identity, privileges: withTeams(identity.privileges, given) };
    });
  }

  /** Ids of the users that the identities are; none where Dataverse does not tell. */
  async userIds(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#users.size === 0) await this.#learn([], signal);
    return [...this.#users.values()];
  }

  /** Id of the organisation, which no copy of it has; undefined where Dataverse does not tell. */
  async organisationId(signal: AbortSignal): Promise<string | undefined> {
    if (this.#organisationId === undefined) await this.#learn([], signal);
    return this.#organisationId;
  }

  async #readUnits(signal: AbortSignal): Promise<UnitTree | undefined> {
    const [answer] = await this.#dataverse.readObjects([unitsPath], 'read the business units', signal);
    const units = answer === undefined ? undefined : unlessRefused(answer);
    return units === undefined ? undefined : unitTreeIn(units);
  }

  forget(): void {
    this.#users = new Map();
    this.#names = new Map();
    this.#organisationId = undefined;
  }

  get #wanted(): readonly string[] {
    return this.#clientIds.length === 0 ? [nameOf(undefined)] : this.#clientIds;
  }

  /** Asks who the identities are and what privileges are called; no users where they may not be read. */
  async #learn(
    tables: readonly string[],
    signal: AbortSignal,
  ): Promise<{
    readonly users: ReadonlyMap<string, string> | undefined;
    readonly names: PrivilegeNames;
    readonly refusal: TerminalError | undefined;
  }> {
    const areSeveral = this.#clientIds.length > 1;
    const paths = ['WhoAmI', ...(areSeveral ? [usersPath(this.#clientIds)] : []), ...privilegeNamesPaths(tables)];
    const [self, ...others] = await this.#dataverse.readObjects(paths, 'read who the app is', signal);
    const found = areSeveral ? others.shift() : self;
    const read = others.map((answer) => {
      if (isTerminalError(answer)) throw answer;
      return privilegeNamesIn(answer);
    });
    if (self === undefined || found === undefined) throw new TypeError('Each path has its answer.');
    // A table that is not told of has no privileges, now as later.
    const none = tables.map((table): [string, ReadonlyMap<string, string>] => [table, new Map()]);
    const names = new Map([...this.#names, ...none, ...read.flatMap((some) => [...some])]);
    this.#names = names;
    if (!isTerminalError(self) && typeof self.OrganizationId === 'string') {
      this.#organisationId = self.OrganizationId.toLowerCase();
    }
    if (isTerminalError(found)) return { users: undefined, names, refusal: found };
    const users = new Map(
      this.#wanted.flatMap((name): [string, string][] => {
        const userId = this.#clientIds.length > 1 ? userOf(found, name) : found.UserId;
        return typeof userId === 'string' ? [[name, userId]] : [];
      }),
    );
    this.#users = users;
    return { users, names, refusal: undefined };
  }
}

/** Everything that work on these tables needs, whatever it is, but for what only checks need; in lower case. */
function neededOf(tables: readonly string[], names: PrivilegeNames): string[] {
  const fixed = tablesOfPrivileges([], 'ownership');
  const sources = tables
    .filter((table) => !fixed.includes(table))
    .map((table): LinkedTable => ({ table, hasColumn: false, tracksMap: false, securedColumn: undefined }));
  const wanted = new Map([...names].filter(([table]) => tables.includes(table)));
  return privilegesByName(wanted, sources, 'ownership')
    .filter(({ need }) => need !== 'checks')
    .map(({ name }) => name.toLowerCase());
}

const unlessRefused = (answer: Row | TerminalError): Row | undefined => (isTerminalError(answer) ? undefined : answer);

/** Where Dataverse tells which enabled users stand for some client ids. */
function usersPath(clientIds: readonly string[]): string {
  const ids = clientIds.map((id) => `applicationid eq ${id}`).join(' or ');
  const filter = `isdisabled eq false and (${ids})`;
  return `systemusers?$select=systemuserid,applicationid&$filter=${encodeURIComponent(filter)}`;
}

function userOf({ value }: Row, clientId: string): unknown {
  const users = (value ?? []) as readonly { readonly applicationid?: unknown; readonly systemuserid?: unknown }[];
  const isMeant = ({ applicationid }: { readonly applicationid?: unknown }): boolean =>
    String(applicationid).toLowerCase() === clientId.toLowerCase();
  return users.find(isMeant)?.systemuserid;
}
