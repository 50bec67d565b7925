/** What a cell holds: dates as milliseconds since 1970, GUIDs in lower case, everything else as JSON has it. */
export type Value = string | number | boolean | null;
