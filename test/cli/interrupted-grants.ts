import { expect, vi } from 'vitest';
import { startDataverse } from '../../local/dataverse/server.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { administer, administrator, backstamp, tokenOf } from './grant-world.ts';

const app = '11111111-2222-4333-8444-555555555555';
const writer = '22222222-2222-4333-8444-555555555555';
const bystander = '55555555-2222-4333-8444-555555555555';

/** Lets a number of writes through; the one after that is lost, before or after it has its effect, and nothing follows. */
function interruptAfter(writes: number, moment: 'before' | 'after') {
  const send = globalThis.fetch;
  let left = writes;
  let isDead = false;
  const counted = { writes: 0 };
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const isWrite = input.includes('/api/data/') && (init?.method ?? 'GET') !== 'GET';
    if (isWrite) counted.writes++;
    if (isDead || (isWrite && left-- === 0)) {
      const isFirst = !isDead;
      isDead = true;
      if (isFirst && moment === 'after') await send(input, init);
      throw new Error('killed');
    }
    return send(input, init);
  });
  return counted;
}

/** Environments in which a grant is cut off, and what it ends in. */
export async function interruptedGrants() {
  const organisation = generateOrganisation({ rows: 3, seed: 7 });
  const server = await startDataverse({ port: 0 });
  let admin: Awaited<ReturnType<typeof administer>>;

  const grant = (...more: string[]) =>
    backstamp(
      [
        ...['grant', '--url-dataverse', server.url, '--client-id', app, '--writer-id', writer],
        ...['--table', 'contact', ...more],
      ],
      { DATAVERSE_TOKEN: tokenOf(administrator, server.url) },
    );

  /** An environment in which somebody else has rights of his own, from a role and by himself. */
  async function beginAnew(): Promise<void> {
    await fetch(`${server.url}/__control/reset`, { method: 'POST' });
    await loadOrganisation(server.url, { organisation, clientIds: [] });
    admin = await administer(server.url);
    await admin.control('PUT', `users/${bystander}`, { privileges: ['prvReadContact/Local'], name: 'Bea' });
    const [root] = await admin.list("businessunits?$select=businessunitid&$filter=name eq 'root'");
    const roleid = '66666666-2222-4333-8444-555555555555';
    const unit = `/businessunits(${root?.businessunitid})`;
    await admin.send('POST', 'roles', { roleid, name: 'Sellers', 'businessunitid@odata.bind': unit });
    await admin.send('POST', `systemusers(${bystander})/systemuserroles_association/$ref`, {
      '@odata.id': `${server.url}/api/data/v9.2/roles(${roleid})`,
    });
  }
  const outcome = async () => {
    const { rights, roles } = await admin.everybodysRights();
    const ids = await admin.list('systemusers?$select=systemuserid,applicationid');
    const userOf = (clientId: string) => ids.filter(({ applicationid }) => applicationid === clientId);
    const rightsOf = (clientId: string) => userOf(clientId).map(({ systemuserid }) => rights[String(systemuserid)]);
    return {
      app: [...(await admin.rolePrivileges('Backstamp app'))].sort(),
      linking: [...(await admin.rolePrivileges('Backstamp linking'))].sort(),
      roles: roles.map((role) => role.replace(/ \S+$/, '')),
      rights: [app, writer].map(rightsOf),
      bystander: rights[bystander],
    };
  };

  /**
   * Cuts the grant of `asked` off at its writes, each `stride`th of them, before the write and after it, and grants again.
   * @param earlier what was granted long before, where something was
   */
  async function cutOff(earlier: readonly string[] | undefined, asked: readonly string[], stride: number) {
    const begin = async (): Promise<void> => {
      await beginAnew();
      if (earlier !== undefined) expect((await grant(...earlier)).code).toBe(0);
    };
    await begin();
    const bystanders = (await outcome()).bystander;
    const counted = interruptAfter(Number.POSITIVE_INFINITY, 'before');
    expect((await grant(...asked)).code).toBe(0);
    vi.unstubAllGlobals();
    const whole = await outcome();
    expect(counted.writes).toBeGreaterThan(5);

    for (let writes = 0; writes < counted.writes; writes += stride) {
      for (const moment of ['before', 'after'] as const) {
        await begin();
        interruptAfter(writes, moment);
        const { code } = await grant(...asked);
        vi.unstubAllGlobals();
        // On the way, too, others have exactly what they had.
        expect((await outcome()).bystander).toEqual(bystanders);
        expect(code, `after ${writes} writes, ${moment}`).toBe(1);

        expect((await grant(...asked)).code).toBe(0);
        expect(await outcome(), `after ${writes} writes, ${moment}`).toEqual(whole);
        expect((await grant(...asked, '--check')).code).toBe(0);
      }
    }
  }

  return { cutOff, close: server.close };
}
