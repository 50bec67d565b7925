import { DataverseError, ForeignAnswer } from './errors.ts';
import { type Preferences, wantsAnnotation } from './query/preferences.ts';
import type { DataverseResponse } from './request.ts';

const JSON_TYPE = 'application/json; odata.metadata=minimal';

/** An answer with a JSON body. */
export const json = (
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): DataverseResponse => ({ status, headers: { 'Content-Type': JSON_TYPE, ...headers }, body: JSON.stringify(body) });

/** 204 without a body. */
export const noContent = (headers: Readonly<Record<string, string>> = {}): DataverseResponse => ({
  status: 204,
  headers,
  body: '',
});

/** An answer in plain text, as counts have it. */
export const text = (body: string): DataverseResponse => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain' },
  body,
});

/** The answer to a refused request; details only where the request asks for that annotation. */
export function refusal(error: DataverseError, preferences: Preferences): DataverseResponse {
  if (error instanceof ForeignAnswer) {
    return { status: error.status, headers: error.headers, body: error.body, isForeign: true };
  }
  const details = {
    '@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus': '0',
    '@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode': '0',
    '@Microsoft.PowerApps.CDS.HelpLink': `http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a${error.code.replace('0x', '')}&client=platform`,
    '@Microsoft.PowerApps.CDS.InnerError.Message': error.message,
    ...(error instanceof DetailedError ? error.details : {}),
  };
  const wanted = Object.entries(details).filter(([name]) => wantsAnnotation(preferences, name.slice(1)));
  return json(
    { error: { code: error.code, message: error.message, ...Object.fromEntries(wanted) } },
    error.headers,
    error.status,
  );
}

/** A refusal that has more to tell those who ask for annotations. */
export class DetailedError extends DataverseError {
  readonly details: Readonly<Record<string, string>>;

  constructor(error: DataverseError, details: Readonly<Record<string, string>>) {
    super(error.status, error.code, error.message, error.headers);
    this.details = details;
  }
}
