import { setTimeout as sleep } from 'node:timers/promises';
import { type RunWithTasks, runWithTasksSchema } from '../../shared/contracts/run.ts';

/** Talks to the app as its callers do: over HTTP, with the function key. */
export class RunsClient {
  readonly #hostUrl: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param person headers in which the platform would name whoever signed in, where the app asks for people */
  constructor(hostUrl: string, functionKey: string, person: Readonly<Record<string, string>> = {}) {
    this.#hostUrl = hostUrl;
    this.#headers = { ...person, 'content-type': 'application/cloudevents+json', 'x-functions-key': functionKey };
  }

  /** Reports a completed unification; returns the run that answers it. */
  async postEvent(eventId: string): Promise<string> {
    const event = {
      specversion: '1.0',
      id: eventId,
      source: '/backstamp/sample-organisation',
      type: 'Backstamp.UnificationCompleted',
      time: new Date().toISOString(),
    };
    const response = await fetch(`${this.#hostUrl}/api/unification-events`, {
      method: 'POST',
      headers: this.#headers,
      body: JSON.stringify(event),
    });
    if (response.status !== 202)
      throw new Error(`The event was answered with ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { runId: string }).runId;
  }

  /** The run as it stands; undefined while the orchestrator has not recorded it. */
  async find(runId: string): Promise<RunWithTasks | undefined> {
    const response = await fetch(`${this.#hostUrl}/api/runs/${runId}`, { headers: this.#headers });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`Run ${runId} was answered with ${response.status}: ${await response.text()}`);
    return runWithTasksSchema.parse(await response.json());
  }

  /** Waits for a run's end and shows every state on the way. */
  async follow(runId: string, onState: (run: RunWithTasks) => void): Promise<RunWithTasks> {
    for (;;) {
      const run = await this.find(runId);
      if (run !== undefined) {
        onState(run);
        if (run.endedAt !== undefined) return run;
      }
      await sleep(200);
    }
  }
}
