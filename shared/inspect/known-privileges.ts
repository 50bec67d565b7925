import type { InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import { type KnownIdentity, nameOf, privilegesIn, userPrivilegesPath } from './identity.ts';
import { type PrivilegeNames, privilegeNamesIn, privilegeNamesPath } from './needed-privileges.ts';

/** What is needed of Dataverse. */
export type DefinitionsReader = Pick<InspectableDataverse, 'readObjects'>;

/** What Dataverse says of privileges. */
export interface PrivilegesFound {
  /** Each identity that Dataverse knows; one that it does not know is refused by itself, whatever it is used for. */
  readonly identities: readonly KnownIdentity[];
  readonly names: PrivilegeNames;
  /** Some of it was known from before. */
  readonly isRemembered: boolean;
}

/**
 * Reads what the app's identities may do in as few requests as that takes, since every run on every table begins with
 * it. Which user an identity is and what the privileges on a table are called hardly ever change, so they are
 * remembered as long as the process lives; what a user may do is asked each time: two requests at first, then one.
 */
export class KnownPrivileges {
  readonly #dataverse: DefinitionsReader;
  readonly #clientIds: readonly string[];
  #users: ReadonlyMap<string, string> = new Map();
  #names: PrivilegeNames = new Map();

  /** @param clientIds of the identities; none where there is only the host's own */
  constructor(dataverse: DefinitionsReader, clientIds: readonly string[]) {
    this.#dataverse = dataverse;
    this.#clientIds = clientIds;
  }

  /**
   * @param tables whose privileges' names are wanted
   * @throws TerminalError where the names may not be read
   */
  async read(tables: readonly string[], signal: AbortSignal): Promise<PrivilegesFound> {
    const isWhole = this.#wanted.every((name) => this.#users.has(name)) && tables.every((one) => this.#names.has(one));
    // As they are now: another table's check may forget them while this one waits.
    const { users, names } = isWhole ? { users: this.#users, names: this.#names } : await this.#learn(tables, signal);
    if (users === undefined) {
      return { identities: this.#wanted.map((name) => ({ name, privileges: undefined })), names, isRemembered: false };
    }
    const asked = [...users];
    const paths = asked.map(([, userId]) => userPrivilegesPath(userId));
    const answers = await this.#dataverse.readObjects(paths, 'read privileges', signal);
    const identities = asked.map(([name], at): KnownIdentity => {
      const answer = answers[at];
      return { name, privileges: answer === undefined || isTerminalError(answer) ? undefined : privilegesIn(answer) };
    });
    return { identities, names, isRemembered: isWhole };
  }

  forget(): void {
    this.#users = new Map();
    this.#names = new Map();
  }

  get #wanted(): readonly string[] {
    return this.#clientIds.length === 0 ? [nameOf(undefined)] : this.#clientIds;
  }

  /** Asks who the identities are and what privileges are called; no users where they may not be read. */
  async #learn(
    tables: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly users: ReadonlyMap<string, string> | undefined; readonly names: PrivilegeNames }> {
    const paths = [this.#clientIds.length > 1 ? usersPath(this.#clientIds) : 'WhoAmI', privilegeNamesPath(tables)];
    const [found, named] = await this.#dataverse.readObjects(paths, 'read who the app is', signal);
    if (isTerminalError(named)) throw named;
    if (found === undefined || named === undefined) throw new TypeError('Each path has its answer.');
    // A table that is not told of has no privileges, now as later.
    const none = tables.map((table): [string, ReadonlyMap<string, string>] => [table, new Map()]);
    const names = new Map([...this.#names, ...none, ...privilegeNamesIn(named)]);
    this.#names = names;
    if (isTerminalError(found)) return { users: undefined, names };
    const users = new Map(
      this.#wanted.flatMap((name): [string, string][] => {
        const userId = this.#clientIds.length > 1 ? userOf(found, name) : found.UserId;
        return typeof userId === 'string' ? [[name, userId]] : [];
      }),
    );
    this.#users = users;
    return { users, names };
  }
}

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
