/** A text as an OData filter has it. */
export const odataText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
