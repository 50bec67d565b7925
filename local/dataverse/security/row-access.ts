import { accessDenied } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { Organisation } from '../organisation.ts';
import type { Caller } from './caller.ts';
import { Depth, depthOf } from './grants.ts';

/**
 * Which rows of a table the caller's privilege reaches; `undefined` means all of them, which is the case that must cost
 * nothing. Whoever lacks the privilege altogether has been refused before.
 */
export function reachableRows(
  organisation: Organisation,
  caller: Caller,
  right: string,
  table: Table,
): ((slot: number) => boolean) | undefined {
  const privilege = table.privilege(right);
  if (table.identity.ownership !== 'UserOwned' || caller.depth(privilege) === Depth.global) return undefined;
  const owners = new Set<string>([caller.userId, ...caller.teamIds]);
  const units = new Set<string>();
  for (const grant of caller.grants) {
    const depth = depthOf(grant, privilege);
    if (depth === undefined || depth === Depth.basic) continue;
    units.add(grant.businessUnitId);
    if (depth === Depth.deep) for (const below of unitsBelow(organisation, grant.businessUnitId)) units.add(below);
  }
  const owner = table.columns.get('ownerid')?.cells;
  const unit = table.columns.get('owningbusinessunit')?.cells;
  return (slot) => owners.has(owner?.get(slot) as string) || units.has(unit?.get(slot) as string);
}

/** Refuses a row that the caller's privilege does not reach. */
export function demandRow(organisation: Organisation, caller: Caller, right: string, table: Table, slot: number): void {
  const reaches = reachableRows(organisation, caller, right, table);
  if (reaches && !reaches(slot)) {
    throw accessDenied(caller.userId, `${right}Access`, table.rows.ids[slot] as string, table.name);
  }
}

/** Every unit below one, however deep. */
export function unitsBelow(organisation: Organisation, unitId: string): string[] {
  const units = organisation.builtIn('businessunit');
  const children = units.rows.ids.filter((_, slot) => units.cell(slot, 'parentbusinessunitid') === unitId);
  return children.flatMap((child) => [child, ...unitsBelow(organisation, child)]);
}
