import type { RequestContext } from '../context.ts';
import { DataverseError } from '../errors.ts';
import type { Column } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Organisation } from '../organisation.ts';
import type { Value } from '../store/value.ts';

/**
 * Makes a user or team the owner of a row and moves it to the owner's business unit. The owner must be allowed to read the
 * table, or the service refuses.
 *
 * @returns the cells as they were
 */
export function setOwner(context: RequestContext, table: Table, slot: number, ownerId: string): [Column, Value][] {
  const { organisation, caller } = context;
  const isSystem = ownerId === organisation.systemUserId;
  if (!isSystem && ownerId !== caller.userId && !context.users.mayRead(ownerId, table)) {
    throw new DataverseError(403, '0x80040299', 'Read Privilege Check For Owner failed');
  }
  return putOwner(organisation, table, slot, ownerId);
}

/** Writes the four columns that tell a row's owner. */
export function putOwner(organisation: Organisation, table: Table, slot: number, ownerId: string): [Column, Value][] {
  const teams = organisation.builtIn('team');
  const users = organisation.builtIn('systemuser');
  const team = teams.rows.find(ownerId);
  const user = users.rows.find(ownerId);
  const owner = team === undefined ? users : teams;
  const unit = owner.cell(team ?? user ?? 0, 'businessunitid') ?? organisation.rootBusinessUnitId;
  const cells: Record<string, Value> = {
    ownerid: ownerId,
    owningteam: team === undefined ? null : ownerId,
    owninguser: team === undefined ? ownerId : null,
    owningbusinessunit: unit,
  };
  const previous: [Column, Value][] = [];
  for (const [name, value] of Object.entries(cells)) {
    const column = table.columns.get(name);
    if (!column) continue;
    previous.push([column, column.cells.get(slot)]);
    column.cells.set(slot, value);
  }
  return previous;
}
