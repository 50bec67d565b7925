const usual = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const hexDigits = /^[0-9a-f]{32}$/;

/**
 * A GUID in its usual form, lower case with dashes, read from any form it is written in: braces or none, dashes or
 * none, any case, white space around it. Undefined where the text is no GUID.
 */
export function normaliseGuid(text: string): string | undefined {
  // Almost every one is.
  if (usual.test(text)) return text;
  const trimmed = text.trim().toLowerCase();
  const bare = trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed.slice(1, -1).trim() : trimmed;
  if (usual.test(bare)) return bare;
  if (!hexDigits.test(bare)) return undefined;
  return `${bare.slice(0, 8)}-${bare.slice(8, 12)}-${bare.slice(12, 16)}-${bare.slice(16, 20)}-${bare.slice(20)}`;
}

/** The GUID in a column of a row; undefined where there is none. */
export const guidAt = (row: Readonly<Record<string, unknown>>, column: string): string | undefined =>
  normaliseGuid(String(row[column] ?? ''));

/** The other ways in which a key may stand in the map; string comparison in Dataverse ignores case. */
export const spellingsOf = (guid: string): string[] => [
  `{${guid}}`,
  guid.replaceAll('-', ''),
  ` ${guid}`,
  `${guid} `,
  ` ${guid} `,
];
