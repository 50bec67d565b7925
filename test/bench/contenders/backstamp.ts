import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';
import { firstLinkTask } from '../../../shared/contracts/link-task.ts';
import type { Run, Task } from '../../../shared/contracts/run.ts';
import { createDataverse } from '../../../shared/dataverse/client.ts';
import { systemClock } from '../../../shared/dataverse/clock.ts';
import { createIdentities } from '../../../shared/dataverse/identities.ts';
import { KnownPrivileges } from '../../../shared/inspect/known-privileges.ts';
import { privilegeCheck } from '../../../shared/inspect/missing-privileges.ts';
import { linkTable } from '../../../shared/passes/link-table.ts';
import { MapIndex } from '../../../shared/state/map-index.ts';
import { silentTelemetry, type Telemetry } from '../../../shared/telemetry/telemetry.ts';
import { memoryParts } from '../../api/memory-parts.ts';
import { type Assignment, type Performance, Stopwatch } from '../contender.ts';
import { IndexTable } from '../index-table.ts';
import { clientId, contactId, profileOf } from '../organisation.ts';

/** Requests in flight at a time of the modelled clock. */
export interface InFlight {
  readonly seconds: number;
  readonly requests: number;
}

export interface PassPerformance extends Performance {
  readonly inFlight: readonly InFlight[];
  /** How the task ended, and what it had to say. */
  readonly status: string;
  readonly details: readonly string[];
  readonly linked: number;
}

/** Backstamp with its memory of the table: the first pass links everything, later ones only what changed. */
export interface Linker {
  pass(): Promise<PassPerformance>;
}

/** Length of a target in the body of UpdateMultiple, comma included; every id is as long as every other. */
const TARGET_LENGTH =
  JSON.stringify({
    '@odata.type': 'Microsoft.Dynamics.CRM.contact',
    contactid: contactId(0),
    'msdynci_lookupfield_customerprofile@odata.bind': `/msdynci_customerprofiles(${profileOf(0)})`,
  }).length + 1;

/**
 * The pass of the deployed app: it reads the map, resolves profiles, compares, writes and keeps its state, which lies in memory
 * here, but for the map index. The client's clock runs as fast as the modelled organisation.
 */
export function createLinker({ url, timeScale, identities, rows }: Assignment): Linker {
  let stopwatch = new Stopwatch(timeScale);
  let inFlight: InFlight[] = [];
  const held = new Map<string, number>();
  const telemetry: Telemetry = {
    ...silentTelemetry,
    record(metric, value, attributes) {
      if (metric !== 'backstamp.dataverse.in_flight') return;
      held.set(String(attributes?.identity), value);
      inFlight.push({ seconds: stopwatch.seconds, requests: [...held.values()].reduce((sum, one) => sum + one, 0) });
    },
  };
  const clientIds = Array.from({ length: identities }, (_, n) => clientId(n));
  const dataverse = createDataverse({
    url,
    identities: createIdentities(url, clientIds),
    telemetry,
    maxConcurrency: 40,
    freeBudgetPercent: 0,
    bypass: { customLogic: 'none', flows: false },
    now: () => performance.now() * timeScale,
    sleep: (ms, signal) => systemClock.sleep(ms / timeScale, signal),
    httpClient: observe(createDefaultHttpClient(), (rows) => stopwatch.done(rows)),
  });
  const known = new KnownPrivileges(dataverse, clientIds);
  const defaults = memoryParts().parts;
  const { parts, outbox } = memoryParts({
    dataverse,
    mapIndex: new MapIndex(new IndexTable(rows, (n) => ({ sourceId: contactId(n) }))),
    organisationId: (signal) => known.organisationId(signal),
    ownUsers: (signal) => known.userIds(signal),
    checkPrivileges: privilegeCheck(known),
    telemetry,
    // One slice for the whole pass, and no second look at a map that nobody else changes.
    options: { ...defaults.options, sliceMs: 86_400_000, settlingIntervalMs: 0, settlingLimitMs: 0 },
  });
  let passes = 0;
  return {
    async pass() {
      const runId = (++passes).toString(16).padStart(32, '0');
      stopwatch = new Stopwatch(timeScale);
      inFlight = [];
      await parts.runs.record(runOf(runId));
      await parts.runs.recordTask(taskOf(runId));
      const queue = [firstLinkTask(runId, 'contact')];
      for (let message = queue.shift(); message; message = queue.shift()) {
        await linkTable(parts, message);
        queue.push(...outbox.tasks.splice(0));
      }
      const task = (await parts.runs.findTask(runId, 'contact'))?.value;
      const { linked = 0, relinked = 0 } = task?.counters ?? {};
      return {
        ...stopwatch.result(),
        inFlight,
        status: task?.status ?? 'unknown',
        details: task?.details ?? [],
        linked: linked + relinked,
      };
    },
  };
}

/** Tells how many rows each bulk request wrote. */
function observe(client: HttpClient, onRows: (rows: number) => void): HttpClient {
  return {
    async sendRequest(request) {
      const response = await client.sendRequest(request);
      if (response.status < 300 && typeof request.body === 'string' && request.url.includes('UpdateMultiple')) {
        onRows(Math.round((request.body.length - '{"Targets":[]}'.length + 1) / TARGET_LENGTH));
      }
      return response;
    },
  };
}

const runOf = (runId: string): Run => {
  const now = new Date().toISOString();
  return {
    runId,
    eventId: runId,
    source: 'bench',
    mode: 'incremental',
    tables: ['contact'],
    beyondLimits: false,
    giveOwners: false,
    confirm: false,
    status: 'Queued',
    occurredAt: now,
    receivedAt: now,
  };
};

const taskOf = (runId: string): Task => {
  const now = new Date().toISOString();
  const counters = { read: 0, linked: 0, relinked: 0, cleared: 0, unchanged: 0, waiting: 0, failed: 0, gone: 0 };
  return {
    runId,
    table: 'contact',
    mode: 'incremental',
    status: 'Queued',
    queuedAt: now,
    updatedAt: now,
    counters,
    passes: 0,
    details: [],
    findings: [],
  };
};
