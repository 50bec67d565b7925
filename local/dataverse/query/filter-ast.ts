/** A parsed `$filter`. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly operand: Filter }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly path: string; readonly literal: Literal }
  | { readonly kind: 'text'; readonly match: TextMatch; readonly path: string; readonly text: string }
  | { readonly kind: 'in'; readonly path: string; readonly values: readonly (string | number | boolean)[] };

export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';
export type TextMatch = 'contains' | 'startswith' | 'endswith';

/** What a column is compared with. `quoted` tells `'5'` from `5`. */
export interface Literal {
  readonly value: string | number | boolean | null;
  readonly quoted: boolean;
}

/** Parts of a conjunction: `a and (b and c)` gives a, b and c. */
export function conjuncts(filter: Filter): Filter[] {
  return filter.kind === 'and' ? [...conjuncts(filter.left), ...conjuncts(filter.right)] : [filter];
}

/** Every path the filter looks at. */
export function pathsOf(filter: Filter): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [...pathsOf(filter.left), ...pathsOf(filter.right)];
    case 'not':
      return pathsOf(filter.operand);
    default:
      return [filter.path];
  }
}
