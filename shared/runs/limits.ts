import type { RetryPolicy } from '../retry-policy.ts';

/*
 * The limits and pauses of runs and passes, each with its unit and its reason. What an operator may choose is a setting
 * (`settings.ts`); these are not.
 */

/**
 * Recording a run, within one invocation: together shorter than an invocation may take. A message that is given back comes
 * again at once, and after ten tries never more: an outage of seconds would use them up.
 */
export const recordingRetry: RetryPolicy = {
  pausesMs: [1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000],
  mostTries: 7,
  longestPauseMs: 60_000,
};

/** A slice that met an unavailable service: each try is a message of its own. About four hours without any progress. */
export const sliceRetry: RetryPolicy = {
  pausesMs: [5_000, 15_000, 30_000, 60_000, 120_000, 300_000],
  mostTries: 50,
};

/** A slice that gave way to another writer: that one may have died, and then its lock is free within a minute. */
export const otherWriterRetry: RetryPolicy = { pausesMs: [30_000], mostTries: sliceRetry.mostTries };

/** A task whose turn has not come looks again after so many milliseconds; it has no message then but by accident. */
export const turnAgainMs = 60_000;

/** How often a slice looks whether its run was canceled, in milliseconds: nobody who cancels waits much longer. */
export const cancelLookMs = 1_000;

/** How much of a task's progress is told, in milliseconds between two updates of its record: what people can follow. */
export const progressIntervalMs = 1_000;

/** Part of a slice's time that its first write has in any case; else one whose reading takes too long never gets on. */
export const firstWriteShare = 1 / 8;

/**
 * How much longer than its slice work may wait for a service, in milliseconds, and how long at most: the host cuts an
 * invocation off after ten minutes.
 */
export const waitingBeyondSliceMs = 240_000;
export const longestWaitingMs = 510_000;

/** A task that shows no sign of life for so long, in milliseconds, has lost its message: longer than any duplicate window. */
export const stalledAfterMs = 20 * 60_000;
/**
 * While other tasks get on, one that shows no sign of life most likely waits for its turn: there are more tables than are
 * worked on at once, or the organisation is slow. Its message is taken for lost so many milliseconds later, and no fault of it.
 */
export const stalledBesideOthersAfterMs = 6 * 3_600_000;
/** How often a task is sent on its way again, while nothing else gets on either, before it ends as Failed. */
export const mostResends = 5;
/** A run that is without all its tasks so long after it came, in milliseconds, has lost its message. */
export const halfRecordedMs = 25 * 60_000;
/** A dead letter that cannot be dealt with now comes again after so many milliseconds: nothing else gives it a pause. */
export const deadLetterAgainMs = 5 * 60_000;
/** Failures in a row that a message counts at most: beyond, the number says nothing more. */
export const mostFailuresCounted = 1_000;
/** Runs removed at one beat of the watch: the rest waits for the next, so that none lasts long after a pause of months. */
export const runsPrunedAtOnce = 50;
/** Outcomes removed at one beat, about a minute's work: a run that moved five million rows takes some hours of beats. */
export const outcomesPrunedAtOnce = 100_000;

/** Runs looked at for one that has answered a change of the map: a change is a few minutes old when it is looked for. */
export const runsLookedAt = 20;
/** How long Dataverse is asked for the map's newest change, in milliseconds: less than the time to the next beat. */
export const pollWithinMs = 60_000;

/** Characters that the tables of an event may take: a message holds 256 KiB, with its headers. */
export const charactersOfTables = 150_000;
/** How often the end of a run is told in vain before it is left at that: an hour, by the interval of the watch. */
export const mostAnnouncements = 12;
/** Characters that are kept of the reason why it could not be told. */
export const charactersOfReason = 500;

/** How far the clocks of Dataverse and of this process may be apart, in milliseconds (SPEC.md, S5). */
export const clockDifferenceMs = 2 * 60_000;

/** Pending rows tried at once: what one request reads and one checkpoint tells. */
export const pendingRowsAtOnce = 1_000;
/** Pending rows looked up by their ids at once; each is a request to Table Storage. */
export const pendingLookupsAtOnce = 50;
/** Pending rows remembered while a feed is read, to let go of those dealt with; beyond, the next pass tries them. Bounds memory. */
export const pendingRowsRemembered = 50_000;

/** Differences that a rehearsal shows of each table; and waiting rows that a task's details name: enough to look at. */
export const rehearsalSample = 100;
export const waitingRowsNamed = 3;

/** Rows of one bulk update, as a rehearsal's estimate counts them; the real size adapts to the organisation. */
export const estimatedRowsPerRequest = 200;
/** Rows written per second by one identity, where no earlier pass of the table wrote `tellingRows` to tell better. */
export const assumedRowsPerSecond = 300;
export const tellingRows = 1_000;
