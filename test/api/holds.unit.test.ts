import { describe, expect, it } from 'vitest';
import type { RefusedRequest } from '../../shared/api/refused-request.ts';
import { confirmHold, listHolds } from '../../shared/api/show-holds.ts';
import type { Hold } from '../../shared/contracts/hold.ts';
import { memoryParts } from './memory-parts.ts';
import { bodyOf, request } from './requests.ts';

const at = '2026-03-01T05:00:00.000Z';
const hold: Hold = {
  id: '2e392fb380395851',
  kind: 'move',
  count: 29,
  linkedRows: 30,
  limitPercent: 20,
  since: at,
  shownAt: at,
  sample: [{ id: 'c', from: 'p', to: 'q' }],
};

async function withHold(confirmed: string[] = []) {
  const given = memoryParts();
  const { state, etag } = await given.parts.linkStates.load({ table: 'contact' });
  const linking = { linkedRows: 30, holds: [hold], confirmed };
  await given.parts.linkStates.save({ table: 'contact' }, { ...state, linking }, etag);
  return given;
}

const confirm = async (parts: Awaited<ReturnType<typeof withHold>>['parts'], holdId: string) =>
  confirmHold(parts, request('POST', '/api/holds', { params: { holdId } }), { kind: 'key' }).catch(
    (error: RefusedRequest) => error.answer,
  );

describe('holds', () => {
  it('are listed with their table, unless they were confirmed', async () => {
    expect(bodyOf(await listHolds((await withHold()).parts))).toEqual({ holds: [{ ...hold, table: 'contact' }] });
    expect(bodyOf(await listHolds((await withHold([hold.id])).parts))).toEqual({ holds: [] });
  });

  it('are confirmed by a run that names them, for their table alone, however often it is asked for', async () => {
    const { parts, outbox } = await withHold();
    expect((await confirm(parts, hold.id)).status).toBe(202);
    await confirm(parts, hold.id);
    expect(outbox.events).toMatchObject([
      { mode: 'incremental', tables: ['contact'], holds: [hold.id] },
      { mode: 'incremental', tables: ['contact'], holds: [hold.id] },
    ]);
    expect(new Set(outbox.events.map(({ eventId }) => eventId)).size).toBe(1);
  });

  it.each([
    ['unknown', 'ffffffffffffffff', [], 404],
    ['confirmed before', hold.id, [hold.id], 404],
    ['of another form', 'no hold', [], 400],
    ['of an old form', '2E392FB380395851', [], 400],
  ])('that are %s are answered so by name, and nothing is sent', async (_what, holdId, confirmed, status) => {
    const { parts, outbox } = await withHold(confirmed);
    const answer = await confirm(parts, holdId);
    expect(answer.status).toBe(status);
    expect(bodyOf(answer)).toMatchObject({ errors: [{ field: 'holdId', in: 'path' }] });
    expect(outbox.events).toEqual([]);
  });

  it('that gave way to others, since the map moved on, are no more', async () => {
    const { parts, outbox } = await withHold();
    const { state, etag } = await parts.linkStates.load({ table: 'contact' });
    const other = { ...hold, id: '0123456789abcdef' };
    const linking = { linkedRows: 30, holds: [other], confirmed: [] };
    await parts.linkStates.save({ table: 'contact' }, { ...state, linking }, etag);
    expect((await confirm(parts, hold.id)).status).toBe(404);
    expect(outbox.events).toEqual([]);
  });
});
