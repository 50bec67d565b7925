const PLAIN_GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ANY_GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** A GUID in the form rows are kept under (lower case, no braces), or `undefined` if the text is none. */
export function parseGuid(text: string): string | undefined {
  if (PLAIN_GUID.test(text)) return text;
  return ANY_GUID.exec(text)?.[1]?.toLowerCase();
}

/** The GUID as a paging cookie prints it: upper case in braces. */
export const cookieGuid = (guid: string): string => `{${guid.toUpperCase()}}`;
