/**
 * A message's body as a value. The worker hands over what it could parse; what it could not comes as text, which may
 * still be JSON behind a byte order mark, or as bytes.
 */
export function messageBody(message: unknown): unknown {
  const text = message instanceof Uint8Array ? new TextDecoder().decode(message) : message;
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return text;
  }
}
