import { logicalNameSchema } from '../../shared/contracts/unification-setup.ts';
import { UsageError } from '../usage.ts';
import type { Wanted } from './grant-access.ts';

export interface GrantCommand {
  readonly name: 'grant';
  readonly wanted: Wanted;
  /** Root of the environment; undefined where the list is only to be printed. */
  readonly dataverse: string | undefined;
}

interface Values {
  readonly 'url-dataverse'?: string | undefined;
  readonly 'client-id'?: readonly string[] | undefined;
  readonly table?: readonly string[] | undefined;
  readonly bypass: boolean;
  readonly 'business-units': boolean;
  readonly ownership: boolean;
  readonly print: boolean;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const loopback: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** @throws UsageError */
export function toGrantCommand(values: Values, environment: { readonly DATAVERSE_URL?: string }): GrantCommand {
  const tables = [...new Set(values.table ?? [])];
  if (tables.length === 0) throw new UsageError('Name each source table: --table contact --table lead.');
  for (const table of tables) {
    if (!logicalNameSchema.safeParse(table).success) {
      throw new UsageError(`--table ${table}: must be a logical name, such as contact.`);
    }
  }
  const clientIds = [...new Set((values['client-id'] ?? []).map((id) => id.toLowerCase()))];
  const odd = clientIds.find((id) => !guid.test(id));
  if (odd !== undefined) throw new UsageError(`--client-id ${odd}: must be the client id of an identity, a GUID.`);
  const extent = values.ownership ? 'ownership' : values['business-units'] ? 'businessUnits' : 'linking';
  const wanted: Wanted = { tables, clientIds, bypass: values.bypass, extent };
  if (values.print) return { name: 'grant', wanted, dataverse: undefined };
  if (clientIds.length === 0) {
    throw new UsageError('Name each identity: --client-id <GUID>; the output DATAVERSE_CLIENT_IDS lists them.');
  }
  return { name: 'grant', wanted, dataverse: environmentOf(values['url-dataverse'] ?? environment.DATAVERSE_URL) };
}

function environmentOf(text: string | undefined): string {
  if (text === undefined || text === '') {
    throw new UsageError('Name the environment: --url-dataverse https://contoso.crm.dynamics.com.');
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A token on its way over plain http is everybody's token.
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.includes(url.hostname));
  if (url === undefined || !isSafe || url.username !== '') {
    throw new UsageError(
      `--url-dataverse ${text}: must be the root of the environment, such as https://contoso.crm.dynamics.com.`,
    );
  }
  return url.origin;
}
