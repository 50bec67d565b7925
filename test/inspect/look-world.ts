import { startDataverse } from '../../local/dataverse/server.ts';
import { callStandIn, loadRows } from '../../local/sample/control-plane.ts';
import { type GeneratedOrganisation, generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges, loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import type { Check } from '../../shared/contracts/doctor-report.ts';
import type { Task } from '../../shared/contracts/run.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { createDataverse } from '../../shared/dataverse/client.ts';
import { createIdentities } from '../../shared/dataverse/identities.ts';
import { callDoctor } from '../../shared/inspect/doctor.ts';
import type { InspectParts } from '../../shared/inspect/inspect-parts.ts';
import { KnownPrivileges } from '../../shared/inspect/known-privileges.ts';
import { privilegeCheck } from '../../shared/inspect/missing-privileges.ts';
import { linkTable } from '../../shared/passes/link-table.ts';
import { orchestrateRun } from '../../shared/runs/orchestrate-run.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { memoryParts } from '../api/memory-parts.ts';

export const client = '11111111-2222-4333-8444-555555555555';
export const otherClient = '22222222-2222-4333-8444-555555555555';

/** What an application user is set up with in the stand-in. */
export interface UserSetup {
  readonly privileges: 'all' | readonly string[];
  readonly disabled?: boolean;
  readonly businessUnit?: string;
  readonly securedColumns?: readonly string[];
}

/** An app over the stand-in, with its state in memory: the doctor, and runs. */
export interface App {
  readonly parts: InspectParts;
  /** Everything that the doctor finds that is not as it must be. */
  doctor(): Promise<Check[]>;
  /** A run over all tables; its tasks by table. */
  run(mode?: 'incremental' | 'rehearsal'): Promise<ReadonlyMap<string, Task>>;
}

export interface World {
  readonly url: string;
  readonly organisation: GeneratedOrganisation;
  readonly setup: UnificationSetup;
  /** Least privileges for the generated organisation, with those of checks. */
  readonly enough: readonly string[];
  control(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  load(table: string, rows: readonly Readonly<Record<string, string | number | boolean | null>>[]): Promise<void>;
  allow(clientId: string, user: UserSetup): Promise<void>;
  connect(options?: {
    readonly clientIds?: readonly string[];
    readonly setup?: UnificationSetup;
    readonly bypass?: InspectParts['bypass'];
  }): App;
  close(): Promise<void>;
}

/** An organisation of Customer Insights in the stand-in, without an app's processes around it. */
export async function startWorld({ rows = 12, seed = 7 } = {}): Promise<World> {
  const server = await startDataverse({ port: 0 });
  const organisation = generateOrganisation({ rows, seed });
  await loadOrganisation(server.url, { organisation, clientIds: [] });
  const control: World['control'] = async (method, path, body) => {
    const response = await callStandIn(server.url, `/__control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const setup = unificationSetup(organisation);
  return {
    url: server.url,
    organisation,
    setup,
    enough: linkingPrivileges(organisation),
    control,
    load: async (table, some) => void (await loadRows(server.url, table, some)),
    allow: async (clientId, user) => void (await control('PUT', `application-users/${clientId}`, user)),
    connect: (options = {}) => connect(server.url, { setup, clientIds: [client], bypass: [], ...options }),
    close: server.close,
  };
}

/** More messages than any run here takes: it would go round in a circle. */
const mostMessages = 500;

function connect(
  url: string,
  {
    setup,
    clientIds,
    bypass,
  }: {
    readonly setup: UnificationSetup;
    readonly clientIds: readonly string[];
    readonly bypass: InspectParts['bypass'];
  },
): App {
  const dataverse = createDataverse({
    url,
    identities: createIdentities(url, clientIds),
    telemetry: silentTelemetry,
    maxConcurrency: 8,
    freeBudgetPercent: 0,
    bypass: { customLogic: bypass.length > 0 ? 'all' : 'none', flows: false },
    sleep: async () => {},
  });
  const known = new KnownPrivileges(dataverse, clientIds);
  const defaults = memoryParts().parts;
  const readPrivileges = (tables: readonly string[], signal: AbortSignal) => known.read(tables, false, signal);
  const { parts, outbox } = memoryParts({
    dataverse,
    checkPrivileges: privilegeCheck(known),
    readPrivileges,
    options: { ...defaults.options, dataverseUrl: url, setup, settlingIntervalMs: 0, settlingLimitMs: 0 },
  });
  const inspectParts: InspectParts = {
    ...{ ...parts, dataverse, clientIds, bypass, checkMessaging: async () => [] },
    forgetPrivileges: () => known.forget(),
  };
  let runs = 0;
  return {
    parts: inspectParts,
    doctor: async () => [...(await callDoctor(inspectParts)).checks].filter(({ level }) => level !== 'good'),
    async run(mode = 'incremental') {
      const now = new Date().toISOString();
      const runId = await orchestrateRun(parts, {
        ...{ schema: 'backstamp.unification-event/1', eventId: `run-${++runs}`, source: 'test', occurredAt: now, mode },
      });
      for (let messages = 0; outbox.tasks.length > 0; messages++) {
        if (messages > mostMessages) throw new Error(`A run took more than ${mostMessages} messages.`);
        const message = outbox.tasks.shift();
        if (message !== undefined) await linkTable(parts, message);
      }
      const tasks = (await parts.runs.show(runId))?.tasks ?? [];
      return new Map(tasks.map((task) => [task.table, task]));
    },
  };
}
