import { odataText } from '../odata-text.ts';

/** Blanks that were seen before names; those behind are no matter to a match of the beginning. */
const blanks = [' ', '\t', '\u00a0'];

/**
 * A filter for rows whose column may hold a name, with stray blanks around it: all of them, and few others, which whoever
 * reads them passes over. It matches beginnings alone: Dataverse refuses some of the queries that look inside a text.
 */
export const mayBeNamed = (column: string, name: string): string =>
  `(${[name, ...blanks].map((beginning) => `startswith(${column},${odataText(beginning)})`).join(' or ')})`;
