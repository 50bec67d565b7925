/** The constraints of a route parameter, `{id:guid}` or `{year:range(1990,2100)}`, as ASP.NET Core names them. */

type Check = (value: string) => boolean;

const number = /^[+-]?\d+(\.\d+)?$/;
const integer = /^[+-]?\d+$/;
const within = (value: string, from: number, to: number): boolean =>
  integer.test(value) && Number(value) >= from && Number(value) <= to;

const checks: Readonly<Record<string, (...args: string[]) => Check>> = {
  int: () => (value) => within(value, -(2 ** 31), 2 ** 31 - 1),
  long: () => (value) => integer.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value),
  bool: () => (value) => /^(true|false)$/i.test(value),
  guid: () => (value) => /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(value),
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  decimal: () => (value) => number.test(value),
  double: () => (value) => number.test(value),
  float: () => (value) => number.test(value),
  datetime: () => (value) => !Number.isNaN(Date.parse(value)),
  required: () => (value) => value !== '',
  length:
    (from, to = from) =>
    (value) =>
      value.length >= Number(from) && value.length <= Number(to),
  minlength: (from) => (value) => value.length >= Number(from),
  maxlength: (to) => (value) => value.length <= Number(to),
  min: (from) => (value) => within(value, Number(from), Number.POSITIVE_INFINITY),
  max: (to) => (value) => within(value, Number.NEGATIVE_INFINITY, Number(to)),
  range: (from, to) => (value) => within(value, Number(from), Number(to)),
  regex: (...parts) => {
    const expression = new RegExp(parts.join(','), 'i');
    return (value) => expression.test(value);
  },
};

/**
 * Compiles one constraint.
 * @throws Error when there is no such constraint
 */
export function compileConstraint(text: string): Check {
  const match = /^(\w+)(?:\((.*)\))?$/s.exec(text);
  const make = match?.[1] === undefined ? undefined : checks[match[1].toLowerCase()];
  if (!match || !make) throw new Error(`unknown route constraint "${text}"`);
  return make(...(match[2] === undefined ? [] : match[2].split(',')));
}
