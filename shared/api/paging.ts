import { z } from 'zod';
import { isRetryableError, messageOf } from '../errors.ts';
import { badRequest } from './http-response.ts';
import { RefusedRequest } from './refused-request.ts';

/** Where the next page of a list in Table Storage begins, as the storage client writes it. */
const storedPlaceSchema = z.strictObject({
  nextPartitionKey: z.string().min(1).max(2048),
  nextRowKey: z.string().min(1).max(2048).optional(),
});

/**
 * A `continuation` as an earlier answer gave it. It is opaque to callers; here it is looked into, because the
 * storage service answers a made-up one with anything, server faults included.
 */
export const continuationSchema = z
  .string()
  .max(8192)
  .refine((text) => {
    try {
      return storedPlaceSchema.safeParse(JSON.parse(Buffer.from(text, 'base64').toString('utf8'))).success;
    } catch {
      return false;
    }
  }, 'must be a continuation that an earlier answer gave');

export const pageSizeSchema = (max: number, usual: number) => z.coerce.number().int().min(1).max(max).default(usual);

/**
 * Lists a page; where the storage service refuses the continuation after all, that is the caller's fault.
 * @throws RefusedRequest then
 */
export async function listFrom<T>(continuation: string | undefined, list: () => Promise<T>): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (continuation === undefined || isRetryableError(error)) throw error;
    throw new RefusedRequest(
      badRequest('The page asked for cannot be given.', [
        {
          field: 'continuation',
          message: `must be a continuation that an earlier answer gave (${messageOf(error)})`,
          in: 'query',
        },
      ]),
    );
  }
}
