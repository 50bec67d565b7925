import type { Table } from '../metadata/table.ts';
import type { Organisation } from '../organisation.ts';
import { unitsBelow } from './row-access.ts';

/** Numbers of roles and units when the roles of an organisation were last handed down. */
const handedDown = new WeakMap<Organisation, string>();

/**
 * Hands each role down to the units below its own: there it stands as a copy with an id of its own, which names the
 * original and gives what that gives. Done when somebody asks for roles, since rows may be loaded in any order.
 */
export function inheritRoles(organisation: Organisation): void {
  const roles = organisation.builtIn('role');
  const numbers = () => `${roles.rows.count}/${organisation.builtIn('businessunit').rows.count}`;
  if (handedDown.get(organisation) === numbers()) return;
  for (const [slot, id] of [...roles.rows.ids.entries()]) {
    const unit = roles.cell(slot, 'businessunitid');
    if (!roles.rows.isAlive(slot) || typeof unit !== 'string' || rootOf(roles, id) !== id) continue;
    roles.columns.get('parentrootroleid')?.cells.set(slot, id);
    const there = new Set(copiesOf(roles, id).map((copy) => roles.cell(copy, 'businessunitid')));
    for (const businessunitid of unitsBelow(organisation, unit)) {
      if (there.has(businessunitid)) continue;
      const cells = { name: roles.cell(slot, 'name'), businessunitid, parentrootroleid: id };
      organisation.addSystemRow('role', organisation.newId(), cells);
    }
  }
  handedDown.set(organisation, numbers());
}

/** The role that a copy follows; a role that is no copy is its own. */
export function rootOf(roles: Table, roleId: string): string {
  const slot = roles.rows.find(roleId);
  return String((slot === undefined ? null : roles.cell(slot, 'parentrootroleid')) ?? roleId);
}

/** The rows of a role's copies, its own among them. */
export const copiesOf = (roles: Table, roleId: string): number[] =>
  [...(roles.columns.get('parentrootroleid')?.cells.find?.([roleId], Number.POSITIVE_INFINITY) ?? [])].filter((slot) =>
    roles.rows.isAlive(slot),
  );
