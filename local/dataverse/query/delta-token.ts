/** What a delta token says: changes after this version, as seen at this time. */
export interface DeltaToken {
  readonly version: number;
  /** Milliseconds since 1970, whole seconds. */
  readonly at: number;
}

/** `<version>!MM/dd/yyyy HH:mm:ss`, percent-encoded with lower-case escapes, as it stands in a delta link. */
export function writeDeltaToken({ version, at }: DeltaToken): string {
  const [date = '', time = ''] = new Date(at).toISOString().slice(0, 19).split('T');
  const [year, month, day] = date.split('-');
  return `${version}%21${month}%2f${day}%2f${year}%20${time.replaceAll(':', '%3a')}`;
}

/** Reads a decoded delta token; `undefined` if it is none. */
export function readDeltaToken(text: string): DeltaToken | undefined {
  const match = /^(\d{1,16})!(\d{2})\/(\d{2})\/(\d{4}) (\d{2}:\d{2}:\d{2})$/.exec(text);
  if (!match) return undefined;
  const [, version, month, day, year, time] = match;
  const at = Date.parse(`${year}-${month}-${day}T${time}Z`);
  return Number.isNaN(at) ? undefined : { version: Number(version), at };
}
