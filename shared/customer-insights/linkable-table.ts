import type { Finding } from '../contracts/run.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { linkColumn } from './names.ts';

/** Whose the rows of a table of customers can be. The platform's tables of units, people and roles belong to units. */
const ownerships: ReadonlySet<string> = new Set(['UserOwned', 'OrganizationOwned']);

/** Tables with owners that govern the organisation all the same: who may write their rows may do anything. */
const governing: ReadonlySet<string> = new Set([
  ...['systemuser', 'team', 'role', 'businessunit', 'organization', 'position', 'privilege', 'roletemplate'],
  ...['fieldsecurityprofile', 'fieldpermission', 'teamtemplate', 'principalobjectaccess', 'accessteamtemplate'],
  ...['workflow', 'callbackregistration', 'processtrigger', 'asyncoperation', 'serviceendpoint', 'sla'],
  ...['sdkmessage', 'sdkmessagefilter', 'sdkmessageprocessingstep', 'sdkmessageprocessingstepimage'],
  ...['pluginassembly', 'plugintype', 'pluginpackage', 'customapi', 'webresource', 'canvasapp', 'appmodule'],
  ...['solution', 'publisher', 'connection', 'connectionreference', 'connector', 'bot', 'botcomponent'],
  ...['environmentvariabledefinition', 'environmentvariablevalue', 'managedidentity', 'keyvaultreference'],
  ...['systemform', 'userform', 'savedquery', 'userquery', 'report', 'audit', 'importjob', 'usersettings'],
]);

/** Tables that Customer Insights - Data writes itself. */
const ofCustomerInsights = (table: string): boolean => /^(msdynci|mscipriv)_/.test(table);

/** Why no row of a table can ever be linked. */
export type UnlinkableCode = 'virtual-table' | 'customer-insights-table' | 'platform-table' | 'no-new-columns';

/** What about a table itself keeps its rows from ever being linked; undefined where nothing does. */
export function checkLinkable(table: TableMetadata): (Finding & { readonly code: UnlinkableCode }) | undefined {
  const { logicalName, ownership } = table;
  if (ofCustomerInsights(logicalName)) {
    return {
      code: 'customer-insights-table',
      finding: `${logicalName} is a table of Customer Insights itself, no source of it.`,
      remedy: 'Leave it out: the tables to link are those whose rows were unified.',
    };
  }
  if (governing.has(logicalName) || (ownership !== '' && !ownerships.has(ownership))) {
    return {
      code: 'platform-table',
      finding: `${logicalName} is a table by which Dataverse itself is governed, not one of customers.`,
      remedy: 'Leave it out: nobody should be given the right to write its rows for the sake of links.',
    };
  }
  if (table.tableType === 'Virtual') {
    return {
      code: 'virtual-table',
      finding: `${logicalName} is a virtual table: its rows live outside Dataverse.`,
      remedy: 'Link a standard or elastic table.',
    };
  }
  const hasColumn = table.columns.has(linkColumn) || table.lookups.some(({ column }) => column === linkColumn);
  if (hasColumn || table.takesColumns) return undefined;
  return {
    code: 'no-new-columns',
    finding: `${logicalName} takes no new columns, so the lookup column ${linkColumn} cannot be made.`,
    remedy:
      'Its publisher forbids it (IsCustomizable, CanCreateAttributes): ask for the column in a later version of the solution, or leave the table out.',
  };
}
