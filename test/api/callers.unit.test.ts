import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, keyLevel } from '../../shared/api/admission.ts';
import { actorOf, callerOf } from '../../shared/api/caller.ts';
import { operations } from '../../shared/api/operations.ts';
import { RefusedRequest } from '../../shared/api/refused-request.ts';
import type { InspectableDataverse } from '../../shared/dataverse/dataverse.ts';
import { TerminalError } from '../../shared/errors.ts';
import { settingsSchema } from '../../shared/settings.ts';
import { principalHeaders } from '../support/principal.ts';
import { sampleSetup } from './memory-parts.ts';
import { request } from './requests.ts';

const id = '00000000-0000-4000-8000-00000000000a';
const asked = (headers: Record<string, string>) => request('GET', '/api/runs', { headers });
const encoded = (principal: unknown): string => Buffer.from(JSON.stringify(principal)).toString('base64');
const withClaims = (claims: readonly { typ: string; val: string }[], more: object = {}) => ({
  'x-ms-client-principal': encoded({ auth_typ: 'aad', role_typ: 'roles', claims, ...more }),
});
const oid = { typ: 'http://schemas.microsoft.com/identity/claims/objectidentifier', val: id };

describe('who asks', () => {
  it('is the holder of a key where no principal is named', () => {
    for (const isSignInEnabled of [true, false]) expect(callerOf(asked({}), isSignInEnabled)).toEqual({ kind: 'key' });
  });

  it.each([
    [
      'as the platform writes it',
      principalHeaders({ id, roles: ['Backstamp.Reader'], name: 'jürgen@contoso.com' }),
      'jürgen@contoso.com',
      ['reader'],
    ],
    [
      'an operator, who may see too',
      principalHeaders({ id, roles: ['Backstamp.Operator'] }),
      'kim@contoso.com',
      ['operator', 'reader'],
    ],
    ['without a role', principalHeaders({ id }), 'kim@contoso.com', []],
    ['by claims alone', withClaims([oid, { typ: 'name', val: 'Kim' }]), 'Kim', []],
    ['by the id header alone, which carries no roles', { 'x-ms-client-principal-id': id.toUpperCase() }, undefined, []],
    [
      'with roles under the older claim',
      withClaims([
        { typ: 'oid', val: id },
        { typ: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role', val: 'Backstamp.Reader' },
      ]),
      undefined,
      ['reader'],
    ],
    [
      'with roles under the type that the principal names',
      withClaims([oid, { typ: 'r', val: 'Backstamp.Reader' }], { role_typ: 'r' }),
      undefined,
      ['reader'],
    ],
    ['with a role of another app', withClaims([oid, { typ: 'roles', val: 'Other.Operator' }]), undefined, []],
  ])('is a person, %s', (_, headers, name, roles) => {
    const caller = callerOf(asked(headers), true);
    expect(caller).toMatchObject({ kind: 'person', id, name });
    expect(caller.kind === 'key' ? [] : [...caller.roles].sort()).toEqual(roles);
  });

  it('is an application, by its own token', () => {
    const caller = callerOf(asked(principalHeaders({ id, isApplication: true, name: 'pipeline' })), true);
    expect(actorOf(caller)).toEqual({ kind: 'application', id, name: 'pipeline' });
  });

  it.each([
    ['a name without an id', { 'x-ms-client-principal-name': 'kim@contoso.com' }],
    ['a provider alone', { 'x-ms-client-principal-idp': 'aad' }],
    ['claims without an id', withClaims([{ typ: 'roles', val: 'Backstamp.Operator' }])],
    ['an id that is none', { ...withClaims([{ ...oid, val: 'kim' }]), 'x-ms-client-principal-id': 'kim' }],
    ['two ids', { ...withClaims([oid]), 'x-ms-client-principal-id': id.replace('a', 'b') }],
    ['a principal that is no base64 of JSON', { 'x-ms-client-principal': '%%%', 'x-ms-client-principal-id': id }],
    ['a principal of another shape', { 'x-ms-client-principal': encoded([1]), 'x-ms-client-principal-id': id }],
    ['an empty principal', { 'x-ms-client-principal': '', 'x-ms-client-principal-id': id }],
    ['an account of another provider', { ...withClaims([oid]), 'x-ms-client-principal-idp': 'github' }],
    ['a token of another provider', withClaims([oid], { auth_typ: 'google' })],
    ['an access token header that nobody else wrote', { 'x-ms-client-principal-roles': 'Backstamp.Operator' }],
  ])('is refused, and never a key holder, with %s', (_, headers) => {
    expect(() => callerOf(asked(headers), true)).toThrow(RefusedRequest);
  });

  it('is refused with any header of a principal where nobody signs in', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.entries(principalHeaders({ id }))), ([name, value]) => {
        expect(() => callerOf(asked({ [name]: value }), false)).toThrow(RefusedRequest);
      }),
    );
  });
});

describe('a door', () => {
  const parts = (isSignInEnabled: boolean) => ({
    dataverse: {} as InspectableDataverse,
    isSignInEnabled,
    options: { setup: sampleSetup },
    now: () => 0,
  });
  const administrators = operations.filter(({ audience }) => audience === 'administrators');
  const statusOf = async (name: string, headers: Record<string, string>): Promise<number> => {
    const refusal = await admit(parts(true), name, asked(headers)).catch((error: RefusedRequest) => error.answer);
    return 'status' in refusal ? (refusal.status ?? 0) : 200;
  };

  it.each(administrators)('$name asks for a role, and every one of them says which', async ({ name, role }) => {
    expect(role).toBeDefined();
    expect(await statusOf(name, {})).toBe(401);
    expect(await statusOf(name, principalHeaders({ id }))).toBe(403);
    expect(await statusOf(name, principalHeaders({ id, roles: ['Backstamp.Operator'] }))).toBe(200);
    const reader = await statusOf(name, principalHeaders({ id, roles: ['Backstamp.Reader'] }));
    expect(reader).toBe(role === 'reader' ? 200 : 403);
  });

  it('that changes anything takes an operator', () => {
    const changing = administrators.filter(({ role }) => role === 'operator').map(({ name }) => name);
    expect(changing).toEqual(expect.arrayContaining(['start-run', 'cancel-run', 'refresh-segments']));
    // These read Dataverse on request and change nothing.
    const reading = ['discover-setup', 'run-doctor'];
    for (const { name, method, role } of administrators) {
      if (method === 'post' && !reading.includes(name)) expect({ name, role }).toEqual({ name, role: 'operator' });
    }
  });

  it('that nobody has thought of takes an operator', async () => {
    expect(await statusOf('a-new-route', principalHeaders({ id, roles: ['Backstamp.Reader'] }))).toBe(403);
    expect(keyLevel('a-new-route', () => ({ isSignInEnabled: false }))).toBe('function');
  });

  it('keeps its key where the settings are bad', () => {
    const broken = () => {
      throw new TerminalError('Missing or bad app settings');
    };
    for (const { name, needsKey } of operations)
      expect(keyLevel(name, broken)).toBe(needsKey ? 'function' : 'anonymous');
  });

  it('is left to the host’s keys where nobody signs in; where people do, the one of events alone is', () => {
    for (const { name, needsKey, audience } of operations) {
      expect(keyLevel(name, () => ({ isSignInEnabled: false }))).toBe(needsKey ? 'function' : 'anonymous');
      expect(keyLevel(name, () => ({ isSignInEnabled: true }))).toBe(audience === 'senders' ? 'function' : 'anonymous');
    }
  });
});

describe('WEBSITE_AUTH_ENABLED', () => {
  it.each([
    ...['true', 'True', 'TRUE', '1', ' true '].map((text) => [text, true] as const),
    ...['false', 'False', '0', 'no', '10', undefined].map((text) => [text, false] as const),
  ])('%s', (text, isOn) => {
    expect(settingsSchema.shape.WEBSITE_AUTH_ENABLED.parse(text)).toBe(isOn);
  });
});
