import type { TableClient } from '@azure/data-tables';
import { RestError } from '@azure/data-tables';
import { AggregateAuthenticationError, CredentialUnavailableError } from '@azure/identity';
import { describe, expect, it } from 'vitest';
import { isRetryableError } from '../../shared/errors.ts';
import { TableStorage } from '../../shared/state/table-storage.ts';

/** An answer of the service with its own code, as the client throws it. */
function answer(statusCode: number, code: string): RestError {
  const error = new RestError(code, { statusCode });
  error.details = { odataError: { code } };
  return error;
}

/** A table whose every operation meets these faults in turn, and succeeds then. */
function tableThatMeets(faults: readonly unknown[], createFaults: readonly unknown[] = []) {
  const left = [...faults];
  const calls: string[] = [];
  const meet = (name: string, queue: unknown[]) => async () => {
    calls.push(name);
    if (queue.length > 0) throw queue.shift();
    return { etag: 'e', partitionKey: 'p', rowKey: 'r', json0: '{}' };
  };
  const operation = meet('operation', left);
  const client = {
    createTable: meet('create', [...createFaults]),
    getEntity: operation,
    createEntity: operation,
    updateEntity: operation,
    submitTransaction: operation,
    deleteEntity: operation,
  } as unknown as TableClient;
  return { table: new TableStorage(client), calls };
}

/** What may pass: a role takes minutes, a credential comes late, a name server or a peer does not answer. */
const passing: readonly [string, unknown][] = [
  ['401', answer(401, 'NoAuthenticationInformation')],
  ['403', answer(403, 'AuthorizationPermissionMismatch')],
  ['408', answer(408, 'OperationTimedOut')],
  ['429', answer(429, 'ServerBusy')],
  ['500', answer(500, 'InternalError')],
  ['503', answer(503, 'ServerBusy')],
  ['table being deleted', answer(409, 'TableBeingDeleted')],
  ['answer that is no answer', new RestError('Unexpected token <', { statusCode: 200, code: 'PARSE_ERROR' })],
  ['no peer', new RestError('connect ECONNREFUSED', { code: 'ECONNREFUSED' })],
  ['no name', new RestError('getaddrinfo EAI_AGAIN', { code: 'EAI_AGAIN' })],
  ['no credential', new CredentialUnavailableError('The managed identity endpoint is not there yet')],
  ['several credentials', new AggregateAuthenticationError([new Error('one'), new Error('two')])],
  ['several errors', new AggregateError([new Error('one')], 'all failed')],
  ['something else', new Error('socket hang up')],
];
const operations: readonly [string, (table: TableStorage) => Promise<unknown>][] = [
  ['get', (table) => table.get('p', 'r')],
  ['insert', (table) => table.insert('p', 'r', {})],
  ['replace', (table) => table.replace('p', 'r', {}, 'e')],
  ['apply', (table) => table.applyAll('p', { upserts: [{ rowKey: 'r', document: {} }], deletes: ['s'] })],
  ['change together', (table) => table.changeTogether('p', [{ kind: 'insert', rowKey: 'r', document: {} }])],
];

describe('Table Storage that is not there yet, or no more', () => {
  for (const [name, operation] of operations) {
    it.each(passing)(`may be there later: ${name}, %s`, async (_fault, fault) => {
      const { table } = tableThatMeets([fault]);
      const thrown = await operation(table).catch((error: unknown) => error);
      expect(isRetryableError(thrown)).toBe(true);
      // One fault decides nothing for good.
      await expect(operation(table)).resolves.not.toThrow();
    });

    it.each(passing)(`may be there later where the table cannot be made: ${name}, %s`, async (_fault, fault) => {
      const missing = answer(404, 'TableNotFound');
      const { table, calls } = tableThatMeets([missing, missing], [fault]);
      const thrown = await operation(table).catch((error: unknown) => error);
      expect(isRetryableError(thrown)).toBe(true);
      await expect(operation(table)).resolves.not.toThrow();
      expect(calls.filter((call) => call === 'create')).toHaveLength(2);
    });
  }

  it('leaves a fault of the program what it is', async () => {
    const { table } = tableThatMeets([new TypeError('undefined is no function'), answer(400, 'InvalidInput')]);
    expect(await table.get('p', 'r').catch((error: unknown) => error)).toBeInstanceOf(TypeError);
    expect(await table.get('p', 'r').catch((error: unknown) => error)).toBeInstanceOf(RestError);
  });
});
