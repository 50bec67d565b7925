/*
 * A lock token is the delivery tag: 16 bytes, which the client reads as a .NET Guid. A Guid's first three fields are
 * little-endian, so the client shows (and sends in management requests) the same bytes with those fields reversed.
 */

const SHOWN_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** Turns a delivery tag into the uuid that the client shows, and that uuid back into the tag. */
export const swapGuidOrder = (bytes: Buffer): Buffer => Buffer.from(SHOWN_ORDER.map((place) => bytes[place] ?? 0));
