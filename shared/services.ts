import type { ProfileParts } from './api/show-profile.ts';
import type { SteeringParts } from './api/steer-runs.ts';
import { createDataverse } from './dataverse/client.ts';
import { systemClock } from './dataverse/clock.ts';
import { createIdentities } from './dataverse/identities.ts';
import { messageOf } from './errors.ts';
import type { ExplanationParts } from './explanation/explain-row.ts';
import type { InspectParts } from './inspect/inspect-parts.ts';
import { KnownPrivileges } from './inspect/known-privileges.ts';
import { privilegeCheck } from './inspect/missing-privileges.ts';
import { linkingWork } from './linking/linking-work.ts';
import type { LinkingParts } from './linking/parts.ts';
import { openServiceBus } from './messaging/service-bus-messenger.ts';
import { ownershipWork } from './ownership/ownership-work.ts';
import type { OwnershipParts } from './ownership/parts.ts';
import type { PassParts } from './passes/parts.ts';
import type { PollParts } from './runs/poll-map.ts';
import type { SegmentParts } from './segments/read-segments.ts';
import { SegmentStore } from './segments/segment-store.ts';
import { parseSettings, type Settings } from './settings.ts';
import { AuditTrail } from './state/audit-trail.ts';
import { FoundChanges } from './state/found-changes.ts';
import { IdempotencyKeys } from './state/idempotency-keys.ts';
import { IdentityLeases } from './state/identity-leases.ts';
import { KeptEvents } from './state/kept-events.ts';
import { LinkStates } from './state/link-states.ts';
import { MapIndex } from './state/map-index.ts';
import { OwnershipConsents } from './state/ownership-consents.ts';
import { PendingRows } from './state/pending-rows.ts';
import { PolledMap } from './state/polled-map.ts';
import { RowOutcomes } from './state/row-outcomes.ts';
import { Runs } from './state/runs.ts';
import type { TellUnreadable } from './state/stored-document.ts';
import { openTable } from './state/table-storage.ts';
import { UnlistedTables } from './state/unlisted-tables.ts';
import { WatchNotebook } from './state/watch-notes.ts';
import { createTelemetry } from './telemetry/create-telemetry.ts';

/** What the functions work with. */
export type Services = PassParts &
  LinkingParts &
  OwnershipParts &
  ProfileParts &
  ExplanationParts &
  InspectParts &
  SegmentParts &
  SteeringParts &
  PollParts & { readonly pollMinutes: number };

/** Wires the real parts from the settings. */
function wire(settings: Settings): Services {
  const telemetry = createTelemetry(settings, process.env);
  const bypasses = new Set(settings.BACKSTAMP_BYPASS);
  const clientIds =
    settings.BACKSTAMP_DATAVERSE_CLIENT_IDS ??
    (settings.AZURE_CLIENT_ID === undefined ? [] : [settings.AZURE_CLIENT_ID]);
  const messenger = openServiceBus(settings, telemetry);
  const tellUnreadable: TellUnreadable = (document) => {
    telemetry.count('backstamp.unreadable_documents', 1, { form: document.form });
    telemetry.log('error', 'A stored document cannot be read; it is passed over', { ...document });
  };
  const dataverse = createDataverse({
    url: settings.DATAVERSE_URL,
    identities: createIdentities(settings.DATAVERSE_URL, clientIds),
    telemetry,
    maxConcurrency: settings.BACKSTAMP_MAX_CONCURRENCY,
    freeBudgetPercent: settings.BACKSTAMP_FREE_BUDGET_PERCENT,
    bypass: { customLogic: customLogicBypass(bypasses), flows: bypasses.has('flows') },
    isReadOnly: settings.BACKSTAMP_READ_ONLY,
    leases: new IdentityLeases(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
  });
  const known = new KnownPrivileges(dataverse, clientIds);
  const parts = {
    dataverse,
    checkPrivileges: privilegeCheck(known),
    forgetPrivileges: () => known.forget(),
    readPrivileges: (tables: readonly string[], signal: AbortSignal) => known.read(tables, false, signal),
    messenger,
    checkMessaging: () => messenger.checkAccess(),
    clientIds,
    bypass: settings.BACKSTAMP_BYPASS,
    runs: new Runs(openTable(settings, 'BackstampRuns'), tellUnreadable),
    linkStates: new LinkStates(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
    pendingRows: new PendingRows(openTable(settings, 'BackstampPendingRows'), tellUnreadable),
    rowOutcomes: new RowOutcomes(openTable(settings, 'BackstampRowOutcomes'), tellUnreadable),
    foundChanges: new FoundChanges(openTable(settings, 'BackstampFoundChanges'), tellUnreadable),
    organisationId: (signal: AbortSignal) => known.organisationId(signal),
    ownUsers: (signal: AbortSignal) => known.userIds(signal),
    mapIndex: new MapIndex(openTable(settings, 'BackstampMapIndex'), tellUnreadable),
    segments: new SegmentStore(openTable(settings, 'BackstampSegments')),
    // A few notes and events, beside the states.
    ownershipConsents: new OwnershipConsents(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
    keptEvents: new KeptEvents(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
    watchNotebook: new WatchNotebook(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
    unlistedTables: new UnlistedTables(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
    audit: new AuditTrail(openTable(settings, 'BackstampAudit'), tellUnreadable),
    idempotencyKeys: new IdempotencyKeys(openTable(settings, 'BackstampAudit')),
    telemetry,
    polledMap: new PolledMap(openTable(settings, 'BackstampLinkStates'), tellUnreadable),
    pollMinutes: settings.BACKSTAMP_POLL_MINUTES,
    isSignInEnabled: settings.WEBSITE_AUTH_ENABLED,
    isReadOnly: settings.BACKSTAMP_READ_ONLY,
    options: {
      dataverseUrl: settings.DATAVERSE_URL,
      setup: settings.BACKSTAMP_UNIFICATION,
      sliceMs: settings.BACKSTAMP_SLICE_SECONDS * 1000,
      pageSize: settings.BACKSTAMP_PAGE_SIZE,
      settlingIntervalMs: settings.BACKSTAMP_SETTLING_INTERVAL_SECONDS * 1000,
      settlingLimitMs: settings.BACKSTAMP_SETTLING_LIMIT_SECONDS * 1000,
      reconcileIntervalMs: settings.BACKSTAMP_RECONCILE_INTERVAL_DAYS * 86_400_000,
      orphanLimitPercent: settings.BACKSTAMP_ORPHAN_LIMIT_PERCENT,
      moveLimitPercent: settings.BACKSTAMP_MOVE_LIMIT_PERCENT,
      profileLimitPercent: settings.BACKSTAMP_PROFILE_LIMIT_PERCENT,
      retentionMs: settings.BACKSTAMP_RETENTION_DAYS * 86_400_000,
    },
    now: Date.now,
    startTimer: (ms: number) => AbortSignal.timeout(ms),
    sleep: (ms: number) => systemClock.sleep(ms),
    repeat: (ms: number, action: () => void) => {
      const timer = setInterval(action, ms).unref();
      return () => clearInterval(timer);
    },
  };
  // Every kind of work there is; a task that names none is of the first.
  return { ...parts, works: [linkingWork(parts), ownershipWork(parts)] };
}

function customLogicBypass(bypasses: ReadonlySet<string>): 'none' | 'sync' | 'async' | 'all' {
  const [sync, async] = [bypasses.has('customSync'), bypasses.has('customAsync')];
  if (sync && async) return 'all';
  if (sync) return 'sync';
  return async ? 'async' : 'none';
}

let wired: Services | undefined;
let isFaultTold = false;

/**
 * The parts that every function of this process shares.
 * @throws TerminalError that lists every missing or bad app setting
 */
export function services(): Services {
  wired ??= wire(parseSettings(process.env));
  return wired;
}

/**
 * Registers triggers with the parts they work with. Where settings are missing or bad it registers none, so that no
 * message is taken that could not be worked on; one line in the error log names every fault, as /api/health does.
 */
export function whenConfigured(register: (parts: Services) => void): void {
  let parts: Services;
  try {
    parts = services();
  } catch (error) {
    // One line: of several, the host would take the first alone for an error.
    if (!isFaultTold) console.error(messageOf(error).replaceAll(/\s*\n\s*/g, ' | '));
    isFaultTold = true;
    return;
  }
  register(parts);
}
