/** What an expression works with; `undefined` is null, and as a predicate's outcome "unknown". */
export type Scalar = string | number | boolean | Date | undefined;

/** What is unknown stays so. */
export const not = (value: Scalar): Scalar => (typeof value === 'boolean' ? !value : undefined);

/** OR of any number: true where one is, unknown where one might be. */
export function either(values: readonly Scalar[]): Scalar {
  if (values.includes(true)) return true;
  return values.every((value) => value === false) ? false : undefined;
}

/** Values of different types, or one that is not there, cannot be compared. */
export function compare(sign: string, left: Scalar, right: Scalar): Scalar {
  if (left === undefined || right === undefined || typeof left !== typeof right) return undefined;
  const order = left < right ? -1 : left > right ? 1 : 0;
  switch (sign) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      return order !== 0;
  }
}

/** Numbers, and texts put together; anything else is unknown. */
export function calculate(sign: string, left: Scalar, right: Scalar): Scalar {
  if (sign === '+' && typeof left === 'string' && typeof right === 'string') return left + right;
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? undefined : left / right;
    default:
      return right === 0 ? undefined : left % right;
  }
}

/** `%` stands for any text, `_` for one character; what follows the escape character stands for itself. */
export function like(value: Scalar, pattern: Scalar, escaping: Scalar): Scalar {
  if (typeof value !== 'string' || typeof pattern !== 'string') return undefined;
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === escaping) source += escaped(pattern.charAt(++at));
    else if (character === '%') source += '.*';
    else source += character === '_' ? '.' : escaped(character);
  }
  return new RegExp(`^${source}$`, 's').test(value);
}

const escaped = (character: string): string => character.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
