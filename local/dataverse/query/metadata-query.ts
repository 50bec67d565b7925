import { unknownProperty } from '../errors.ts';
import type { Value } from '../store/value.ts';
import { compileFilter, type Operand } from './filter-compile.ts';
import { parseFilter } from './filter-parser.ts';
import { type ExpandItem, parseExpand, parseSelect } from './select-expand.ts';

/** A definition as JSON; values that are functions are navigation properties, computed when expanded. */
export type Definition = Readonly<Record<string, unknown>>;
export type Definitions = readonly Definition[];

/** Applies `$filter`, `$select` and `$expand` to definitions. `type` names them in errors. */
export function queryDefinitions(
  definitions: Definitions,
  type: string,
  options: ReadonlyMap<string, string>,
  aliases: ReadonlyMap<string, string> = new Map(),
): Record<string, unknown>[] {
  const filter = options.get('$filter');
  const select = parseSelect(options.get('$select'));
  const expand = parseExpand(options.get('$expand'));
  const matches =
    filter === undefined ? undefined : compileFilter(parseFilter(filter, aliases), operandOf(definitions, type));
  return definitions.filter((one) => !matches || matches(one)).map((one) => show(one, type, select, expand));
}

/** One definition as `$select` and `$expand` ask for it. */
export function showDefinition(
  definition: Definition,
  type: string,
  options: ReadonlyMap<string, string>,
): Record<string, unknown> {
  return show(definition, type, parseSelect(options.get('$select')), parseExpand(options.get('$expand')));
}

function show(
  definition: Definition,
  type: string,
  select: readonly string[] | undefined,
  expand: readonly ExpandItem[],
): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const name of select ?? []) {
    if (!(name in definition) || isNavigation(definition[name])) throw unknownProperty(name, type);
  }
  for (const [name, value] of Object.entries(definition)) {
    if (isNavigation(value)) continue;
    if (!select || name === 'MetadataId' || name.startsWith('@') || select.includes(name)) shown[name] = value;
  }
  for (const { navigation, options } of expand) {
    const related = definition[navigation];
    if (!isNavigation(related)) throw unknownProperty(navigation, type);
    shown[navigation] = queryDefinitions(related(), navigation, options);
  }
  return shown;
}

const isNavigation = (value: unknown): value is () => Definitions => typeof value === 'function';

function operandOf(definitions: Definitions, type: string): (path: string) => Operand<Definition> {
  return (path) => {
    const steps = path.split('/');
    const known = definitions.length === 0 || definitions.some((one) => (steps[0] as string) in one);
    if (!known) throw unknownProperty(steps[0] as string, type);
    const get = (definition: Definition): Value => {
      let value: unknown = definition;
      for (const step of steps) value = (value as Record<string, unknown> | null | undefined)?.[step];
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    };
    const sample = definitions.map(get).find((value) => value !== null);
    const types = { string: 'String', number: 'Double', boolean: 'Boolean' } as const;
    const kind = typeof sample as keyof typeof types;
    return {
      type: /(Id|userid|teamid|roleid)$/.test(path) ? 'Uniqueidentifier' : (types[kind] ?? 'String'),
      get,
    };
  };
}
