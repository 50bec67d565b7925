import { describe, expect, it } from 'vitest';
import { type AdmissionParts, admit } from '../../shared/api/admission.ts';
import { operations } from '../../shared/api/operations.ts';
import { RefusedRequest } from '../../shared/api/refused-request.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { RetryableError } from '../../shared/errors.ts';
import { sampleSetup } from '../api/memory-parts.ts';
import { request } from '../api/requests.ts';
import { principalHeaders } from '../support/principal.ts';

const person = '00000000-0000-4000-8000-000000000001';
const userId = '90000000-0000-4000-8000-000000000001';

/** An organisation with one person, whose right to read profiles reaches as far as is said. */
function partsWith(
  depth: 'Global' | 'Local' | undefined,
  more: Partial<Omit<AdmissionParts, 'options'>> = {},
  setup: Partial<UnificationSetup> = { businessUnits: {} },
) {
  const asked = { times: 0, isOut: false };
  const dataverse = {
    async readPage({ filter = '' }: { readonly filter?: string }) {
      asked.times++;
      if (asked.isOut) throw new RetryableError('Dataverse did not answer');
      return { rows: filter.includes(person) ? [{ systemuserid: userId }] : [], nextLink: undefined };
    },
    async readObject(path: string) {
      const privileges = [
        { Name: 'prvReadmsdynci_CustomerProfile', PrivilegeType: 'Read' },
        { Name: 'prvWritemsdynci_CustomerProfile', PrivilegeType: 'Write' },
      ];
      if (path.startsWith('EntityDefinitions')) return { value: [{ Privileges: privileges }] };
      const held = [
        { PrivilegeName: 'prvWritemsdynci_CustomerProfile', Depth: 'Global' },
        { PrivilegeName: 'prvReadContact', Depth: 'Global' },
      ];
      if (depth !== undefined) held.push({ PrivilegeName: 'prvReadmsdynci_customerprofile', Depth: depth });
      return { RolePrivileges: path.includes(userId) ? held : [] };
    },
  } as unknown as AdmissionParts['dataverse'];
  const parts: AdmissionParts = {
    dataverse,
    isSignInEnabled: true,
    now: () => 0,
    ...more,
    options: { setup: { ...sampleSetup, ...setup } },
  };
  return { parts, asked };
}

const from = (caller?: string) =>
  request('GET', '/api/x', {
    headers: caller === undefined ? {} : principalHeaders({ id: caller, roles: ['Backstamp.Operator'] }),
  });
const doors = operations.filter(({ audience }) => audience === 'administrators').map(({ name }) => name);

describe('an administrators’ door, where business units are kept apart', () => {
  it.each(doors)('%s lets those in who may read every profile', async (door) => {
    await admit(partsWith('Global').parts, door, from(person));
  });

  it.each(doors)('%s refuses whoever may not', async (door) => {
    for (const depth of ['Local', undefined] as const) {
      await expect(admit(partsWith(depth).parts, door, from(person))).rejects.toThrow(RefusedRequest);
    }
    await expect(admit(partsWith('Global').parts, door, from(person.replace('1', '2')))).rejects.toThrow(
      RefusedRequest,
    );
  });

  it.each(doors)('%s takes no key from anybody where people sign in, and any where they do not', async (door) => {
    const refusal = await admit(partsWith('Global').parts, door, from()).catch((error: RefusedRequest) => error.answer);
    expect(refusal).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    const caller = await admit(partsWith(undefined, { isSignInEnabled: false }).parts, door, from());
    expect(caller).toEqual({ kind: 'key' });
  });

  it('is one that nobody has thought of, too', async () => {
    await expect(admit(partsWith('Local').parts, 'a-new-route', from(person))).rejects.toThrow(RefusedRequest);
  });

  it('believes no name that App Service did not write', async () => {
    const { parts } = partsWith('Global', { isSignInEnabled: false });
    await expect(admit(parts, 'list-runs', from(person))).rejects.toThrow(RefusedRequest);
  });

  it('stays shut while Dataverse cannot be asked, and asks again', async () => {
    const { parts, asked } = partsWith('Global');
    asked.isOut = true;
    await expect(admit(parts, 'list-runs', from(person))).rejects.toThrow(RetryableError);
    asked.isOut = false;
    await admit(parts, 'list-runs', from(person));
  });

  it('remembers an answer for a minute', async () => {
    let now = 0;
    const { parts, asked } = partsWith('Global', { now: () => now });
    for (const at of [0, 59_999]) {
      now = at;
      await admit(parts, 'list-runs', from(person));
    }
    expect(asked.times).toBe(1);
    now = 60_000;
    await admit(parts, 'list-runs', from(person));
    expect(asked.times).toBe(2);
  });
});

describe('every other door', () => {
  it.each(operations.filter(({ audience }) => audience !== 'administrators').map(({ name }) => name))(
    '%s asks Dataverse nothing about who comes',
    async (door) => {
      const { parts, asked } = partsWith('Local');
      await admit(parts, door, from(person));
      expect(asked.times).toBe(0);
    },
  );

  it('and all of them where units are not kept apart', async () => {
    const { parts, asked } = partsWith('Local', {}, {});
    for (const door of doors) await admit(parts, door, from(person));
    expect(asked.times).toBe(0);
  });
});
