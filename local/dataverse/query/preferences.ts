/** The wishes of a request's `Prefer` header. */
export interface Preferences {
  readonly maxPageSize: number | undefined;
  readonly trackChanges: boolean;
  readonly continueOnError: boolean;
  readonly returnRepresentation: boolean;
  /** Patterns of `odata.include-annotations`, e.g. `*`. */
  readonly annotations: readonly string[];
}

/** Reads a `Prefer` header; what it does not know is passed over. */
export function parsePreferences(header: string | undefined): Preferences {
  const text = header ?? '';
  const size = /(?:^|[,;\s])odata\.maxpagesize\s*=\s*"?(\d+)"?/i.exec(text)?.[1];
  const annotations = /odata\.include-annotations\s*=\s*(?:"([^"]*)"|([^,;\s]+))/i.exec(text);
  return {
    maxPageSize: size === undefined ? undefined : Number(size),
    trackChanges: /(?:^|[,;\s])odata\.track-changes\b/i.test(text),
    continueOnError: /(?:^|[,;\s])odata\.continue-on-error\b/i.test(text),
    returnRepresentation: /(?:^|[,;\s])return\s*=\s*representation\b/i.test(text),
    annotations: (annotations?.[1] ?? annotations?.[2] ?? '')
      .split(',')
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== ''),
  };
}

/** Whether an annotation was asked for. */
export const wantsAnnotation = (preferences: Preferences, name: string): boolean =>
  preferences.annotations.some(
    (pattern) =>
      pattern === '*' || pattern === name || (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))),
  );
