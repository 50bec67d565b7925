import { startDataverse } from '../../local/dataverse/server.ts';
import { callStandIn, loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { type GeneratedOrganisation, generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges, loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { callerOf } from '../../shared/api/caller.ts';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { showExplanation } from '../../shared/api/show-explanation.ts';
import { type ProfileParts, showProfile } from '../../shared/api/show-profile.ts';
import { profileAnswerSchema } from '../../shared/contracts/profile.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { createDataverse } from '../../shared/dataverse/client.ts';
import { createIdentities } from '../../shared/dataverse/identities.ts';
import { silentTelemetry, type Telemetry } from '../../shared/telemetry/telemetry.ts';
import { memoryParts } from '../api/memory-parts.ts';
import { bodyOf, request } from '../api/requests.ts';

export const clientId = '11111111-2222-4333-8444-555555555555';
export const linkColumn = 'msdynci_lookupfield_customerprofile';

/** A sample organisation on a free port, every row linked, and the route over it. */
export async function startInsight({ rows = 60 }: { readonly rows?: number } = {}) {
  const organisation: GeneratedOrganisation = generateOrganisation({ rows, seed: 7 });
  const server = await startDataverse({ port: 0 });
  const { url } = server;
  await loadOrganisation(url, { organisation, clientIds: [clientId] });
  await putApplicationUser(url, clientId, [...linkingPrivileges(organisation), 'prvActOnBehalfOfAnotherUser']);

  const connect = (telemetry: Telemetry = silentTelemetry) =>
    createDataverse({
      url,
      identities: createIdentities(url, [clientId]),
      telemetry,
      maxConcurrency: 4,
      freeBudgetPercent: 0,
      bypass: { customLogic: 'none', flows: false },
    });
  const dataverse = connect();
  for (const { table, primaryKey } of organisation.sourceTables) {
    const tables = await dataverse.readTables({ tables: [table, 'msdynci_customerprofile'] });
    const [source, profile] = [tables.get(table), tables.get('msdynci_customerprofile')];
    if (source === undefined || profile === undefined) throw new Error(`No table ${table}`);
    await dataverse.createLookup({
      table: source,
      referencedTable: profile,
      schemaName: linkColumn,
      displayName: 'Customer Profile',
      description: 'Unified customer profile of this row',
      relationshipSchemaName: `msdynci_customerprofile_${table}`,
    });
    const links = [...organisation.truth(table)].map(({ id, profileId }) => ({
      [primaryKey]: id,
      [linkColumn]: profileId,
    }));
    await loadRows(url, table, links);
  }

  const { parts: memory } = memoryParts();
  const setup = unificationSetup(organisation);
  const partsFor = (more: Partial<UnificationSetup> = {}, isSignInEnabled = true): ProfileParts & typeof memory => ({
    ...memory,
    dataverse,
    isSignInEnabled,
    options: { ...memory.options, setup: { ...setup, ...more } },
  });

  return {
    url,
    organisation,
    dataverse,
    connect,
    partsFor,
    pendingRows: memory.pendingRows,
    close: () => server.close(),
    async stats() {
      const response = await callStandIn(url, '/__control/stats', { method: 'GET' });
      return (await response.json()) as { requests: { total: number; byKind: Record<string, number> } };
    },
    /** Asks the route, as whoever is signed in. */
    async ask(parts: ProfileParts & typeof memory, table: string, id: string, caller?: string) {
      const headers =
        caller === undefined ? {} : { 'x-ms-client-principal-id': caller, 'x-ms-client-principal-idp': 'aad' };
      const asked = request('GET', `/api/records/${table}/${id}/profile`, { params: { table, id }, headers });
      const answer = await answerRequest(parts, showProfile, asked, async () => callerOf(asked, parts.isSignInEnabled));
      return { status: answer.status ?? 0, body: bodyOf(answer) };
    },
    /** Asks why a row is linked as it is, as whoever is signed in. */
    async explain(
      parts: Parameters<typeof showExplanation>[0] & typeof memory,
      table: string,
      id: string,
      caller?: string,
    ) {
      const headers =
        caller === undefined ? {} : { 'x-ms-client-principal-id': caller, 'x-ms-client-principal-idp': 'aad' };
      const asked = request('GET', `/api/records/${table}/${id}/explanation`, { params: { table, id }, headers });
      const answer = await answerRequest(parts, showExplanation, asked, async () =>
        callerOf(asked, parts.isSignInEnabled),
      );
      return { status: answer.status ?? 0, body: bodyOf(answer) };
    },
    /** A row's id and profile, one with a profile unless told otherwise. */
    rowOf(table: string, isUnified = true) {
      for (const { id, profileId } of organisation.truth(table))
        if ((profileId !== null) === isUnified) return { id, profileId: profileId ?? '' };
      throw new Error(`The sample has no such row in ${table}`);
    },
    /** Rows of a table of Customer Insights about one profile. */
    about: (table: string, profileId: string) =>
      [...organisation.rowsOf(table)].filter((row) => row.msdynci_lookupfield_customer === profileId),
    profile: (profileId: string) =>
      [...organisation.rowsOf('msdynci_customerprofile')].find((row) => row.msdynci_customerprofileid === profileId),
  };
}

export type InsightOrganisation = Awaited<ReturnType<typeof startInsight>>;

/** An answer that must tell of a profile. */
export function linkedProfile(body: unknown) {
  const answer = profileAnswerSchema.parse(body);
  if (!answer.linked) throw new Error(`Not linked: ${answer.reason}`);
  return answer.profile;
}
