import { profileTable } from '../customer-insights/names.ts';

/** The CustomerId by which a row of Customer Insights names its customer, where it does not name the profile row. */
export const customerIdColumn = 'msdynci_customerid';

/** Whether a table holds the profiles themselves, whose value tells the unit; all others follow their profile. */
export const isProfileTable = (table: string): boolean => table === profileTable;
