/** Who owns a row, on every table whose rows have owners. */
export const ownerColumn = 'ownerid';
export const ownerValue = `_${ownerColumn}_value`;
export const owningTeamValue = '_owningteam_value';

/** The business unit that owns a row. */
export const unitColumn = 'owningbusinessunit';
export const unitValue = `_${unitColumn}_value`;
