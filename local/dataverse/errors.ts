/**
 * A refusal in the Web API's own terms: HTTP status, error code (`0x…`, `""` where the service sends none) and message text.
 * Thrown anywhere below the router, which turns it into the answer.
 */
export class DataverseError extends Error {
  override name = 'DataverseError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** An answer that is not the service's: of a gateway, a proxy or a sign-in page on the way. */
export class ForeignAnswer extends DataverseError {
  override name = 'ForeignAnswer';
  readonly body: string;

  constructor(status: number, body: string, headers: Readonly<Record<string, string>>) {
    super(status, '', body, headers);
    this.body = body;
  }
}

/** Any request whose form is at fault and for which no code is published. */
export const badRequest = (message: string, code = '0x80060888') => new DataverseError(400, code, message);

/** ObjectDoesNotExist: the row of a single-row request is not there. `code` is settable, since documentation prints `""`. */
export const rowDoesNotExist = (table: string, id: string, code = '0x80040217') =>
  new DataverseError(404, code, `${table} With Id = ${id} Does Not Exist`);

/** The missing-row failure of UpdateMultiple on a standard table; the whole request fails with it. */
export const rowsDoNotExist = (schemaName: string, ids: readonly string[]) =>
  new DataverseError(404, '0x80040217', `${schemaName} With Ids = ${ids.join(', ')} Do Not Exist`);

/** ConcurrencyVersionMismatch: the etag sent is not the row's current one. */
export const versionMismatch = () =>
  new DataverseError(
    412,
    '0x80060882',
    "The version of the existing record doesn't match the RowVersion property provided.",
  );

/** `If-None-Match: *` on a row that exists. */
export const alreadyExists = () =>
  new DataverseError(412, '0x80060892', 'A record with matching key values already exists.');

/** DuplicateRecord: a row is created under a key that is taken. */
export const duplicateKey = () => new DataverseError(412, '0x80040237', 'Cannot insert duplicate key.');

/** An unknown name in `$select`, `$filter` or `$orderby`. */
export const unknownProperty = (property: string, type: string) =>
  badRequest(`Could not find a property named '${property}' on type 'Microsoft.Dynamics.CRM.${type}'.`, '0x0');

/** An unknown column in a body. */
export const invalidProperty = (property: string, table: string) =>
  badRequest(
    `An error occurred while validating input parameters: Microsoft.Crm.CrmException: Invalid property '${property}' was found in entity 'Microsoft.Dynamics.CRM.${table}'.`,
    '0x0',
  );

/** The payload of `entitySet` is not valid OData; `reason` is the inner exception's text. */
export const payloadError = (entitySet: string, reason: string) =>
  badRequest(
    `Error identified in Payload provided by the user for Entity :'${entitySet}'  ---->  InnerException : ${reason}`,
    '0x80048d19',
  );

/** A navigation property that the table does not have, or has in another casing. */
export const undeclaredProperty = (entitySet: string, property: string) =>
  payloadError(
    entitySet,
    `Microsoft.OData.ODataException: An undeclared property '${property}' which only has property annotations in the payload but no property value was found in the payload. In OData, only declared navigation properties and declared named streams can be represented as properties without values.`,
  );

/** A wrong entity set or other unknown path segment. */
export const unknownSegment = (segment: string) =>
  new DataverseError(404, '0x8006088a', `Resource not found for the segment '${segment}'.`);

/** A path that cannot be read at all. */
export const unreadablePath = () =>
  badRequest(
    'URL was not parsed due to an ODataUnrecognizedPathException. Resource not found for the segment provided in the URL.',
  );

/** A wrong HTTP method for an action or function. */
export const noSuchResource = (url: string) =>
  new DataverseError(404, '', `No HTTP resource was found that matches the request URI '${url}'.`);

/** ExpiredVersionStamp: the delta token is too old, unreadable, or older than a change of the table's metadata. */
export const expiredVersionStamp = () =>
  badRequest('Version stamp associated with the client has expired. Please perform a full sync.', '0x80044352');

/** A label in a language that the organisation has not provisioned. */
export const invalidLanguage = (code: number) =>
  badRequest(`The language code ${code} is not a valid language for this organization.`, '0x80044195');

/** A missing privilege; `user` is the caller's systemuserid. */
export const privilegeDenied = (user: string, privilege: string, table: string) =>
  new DataverseError(
    403,
    '0x80040220',
    `Principal user (Id=${user}, type=8) is missing ${privilege} privilege on entity '${table}'.`,
  );

/** A row that the caller may not reach although he holds the privilege at a lower level. */
export const accessDenied = (user: string, right: string, id: string, table: string) =>
  new DataverseError(
    403,
    '0x80040221',
    `Principal with id ${user} does not have ${right} right(s) for record with id ${id} of entity ${table}.`,
  );
