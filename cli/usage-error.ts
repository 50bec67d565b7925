/** Thrown for words that cannot be followed; `message` is for people and says what would do. */
export class UsageError extends Error {
  override name = 'UsageError';
}
