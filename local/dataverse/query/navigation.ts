import type { Column } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Organisation } from '../organisation.ts';

/** Where a navigation property leads from a row. */
export type Road =
  | { readonly kind: 'single'; readonly target: Table; readonly column: Column; find(slot: number): number | undefined }
  | { readonly kind: 'collection'; readonly target: Table; find(slot: number): number[] };

/** The road of a navigation property, whose name must be in its exact casing; `undefined` if the table has none such. */
export function roadOf(organisation: Organisation, table: Table, name: string): Road | undefined {
  const navigation = table.navigation(name);
  if (navigation) return singleRoad(organisation, table, navigation.column, navigation.target);
  const relationship = organisation.relationships.find(
    (candidate) => candidate.referencedEntity === table.name && candidate.referencedNavigation === name,
  );
  if (relationship) {
    const target = organisation.table(relationship.referencingEntity);
    const cells = target?.columns.get(relationship.referencingAttribute)?.cells;
    if (!target || !cells) return undefined;
    return {
      kind: 'collection',
      target,
      find: (slot) => {
        const id = table.rows.ids[slot] as string;
        return [...(cells.find?.([id], Number.POSITIVE_INFINITY) ?? [])].filter((found) => target.rows.isAlive(found));
      },
    };
  }
  return manyToManyRoad(organisation, table, name);
}

function singleRoad(organisation: Organisation, table: Table, column: Column, targetName: string): Road | undefined {
  const target = organisation.table(targetName);
  const partition = table.partitionCompanion(column);
  if (!target) return undefined;
  return {
    kind: 'single',
    target,
    column,
    find: (slot) => {
      const id = column.cells.get(slot);
      if (typeof id !== 'string') return undefined;
      const partitionId = target.isElastic ? partition?.cells.get(slot) : undefined;
      return target.rows.find(id, typeof partitionId === 'string' ? partitionId : undefined);
    },
  };
}

function manyToManyRoad(organisation: Organisation, table: Table, name: string): Road | undefined {
  const relationship = organisation.manyToMany.find(
    ({ schemaName, left, right }) => schemaName === name && (left === table.name || right === table.name),
  );
  if (!relationship) return undefined;
  const isLeft = relationship.left === table.name;
  const target = organisation.table(isLeft ? relationship.right : relationship.left);
  if (!target) return undefined;
  return {
    kind: 'collection',
    target,
    find: (slot) => {
      const id = table.rows.ids[slot] as string;
      const found: number[] = [];
      for (const pair of relationship.pairs) {
        const [left, right] = pair.split('/') as [string, string];
        const other = isLeft ? (left === id ? right : undefined) : right === id ? left : undefined;
        const row = other === undefined ? undefined : target.rows.find(other);
        if (row !== undefined) found.push(row);
      }
      return found;
    },
  };
}
