import { Fragment, h, render } from 'preact';
import { isFinal } from '../shared/contracts/is-final.ts';
import { Api, ApiError } from './api.ts';
import { appView } from './app-view.ts';
import { ask } from './dialog.ts';
import { type InspectionKind, Inspector } from './inspector.ts';
import { mergeRuns, statusChanges } from './news.ts';
import { cancelQuestion, startQuestion, startRequest } from './questions.ts';
import { RowPager } from './row-pager.ts';
import { hashOf, selectionOf } from './selection.ts';
import { type Actions, emptyState, type Selection, type State } from './state.ts';

/** How often the app is asked while a run goes, and while none does, in milliseconds. */
const busyMs = 1_500;
const calmMs = 15_000;
const runsPerPage = 20;
const keyName = 'backstamp-key';

interface Places {
  readonly root: HTMLElement;
  readonly announcer: HTMLElement;
  readonly dialog: HTMLDialogElement;
}

/** The page at work: holds the state, asks the app, draws. */
export class App {
  readonly #places: Places;
  readonly #actions: Actions;
  readonly #rows: RowPager;
  readonly #inspector: Inspector;
  #state: State = emptyState;
  #api: Api | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A run that was just started may take a moment to be recorded. */
  #awaited: string | undefined;

  constructor(places: Places) {
    this.#places = places;
    this.#rows = new RowPager(
      () => this.#state.rows,
      (rows) => this.#change({ rows }),
    );
    this.#inspector = new Inspector(
      () => this.#state.inspection,
      (inspection) => this.#change({ inspection }),
    );
    this.#actions = {
      giveKey: (key) => void this.#signIn(key),
      forgetKey: () => this.#signOut(undefined),
      select: (selection) => this.#select(selection),
      loadOlderRuns: () => void this.#loadOlderRuns(),
      askToStart: (mode) => void this.#askToStart(mode),
      askToCancel: (runId) => void this.#askToCancel(runId),
      showRows: (change) => this.#api && void this.#rows.show(this.#api, change),
      turnPage: (direction) => this.#api && void this.#rows.turn(this.#api, direction),
      exportRows: () => this.#api && void this.#rows.save(this.#api),
      inspect: (kind) => void this.#inspect(kind),
      closeInspection: () => this.#inspector.close(),
      copySetup: (text) =>
        void this.#inspector.copy(text, document.getElementById('setup') as HTMLTextAreaElement | null),
    };
  }

  begin(): void {
    window.addEventListener('hashchange', () => this.#follow(selectionOf(location.hash)));
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#api !== undefined) void this.#refresh();
    });
    this.#state = { ...emptyState, selection: selectionOf(location.hash) };
    this.#draw();
    const key = sessionStorage.getItem(keyName);
    if (key !== null) void this.#signIn(key);
  }

  #change(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    this.#draw();
  }

  #draw(): void {
    render(h(Fragment, null, appView(this.#state, this.#actions, Date.now())), this.#places.root);
  }

  async #signIn(key: string): Promise<void> {
    this.#change({ isChecking: true, keyProblem: undefined });
    const api = new Api(key);
    try {
      const status = await api.status();
      sessionStorage.setItem(keyName, key);
      this.#api = api;
      this.#change({ hasKey: true, isChecking: false, status });
      this.#follow(this.#state.selection);
      await this.#refresh();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.#signOut(error.message);
      this.#change({ isChecking: false, keyProblem: textOf(error) });
    }
  }

  #signOut(keyProblem: string | undefined): void {
    sessionStorage.removeItem(keyName);
    clearTimeout(this.#timer);
    this.#api = undefined;
    this.#change({ ...emptyState, selection: this.#state.selection, keyProblem });
    document.getElementById('key')?.focus();
  }

  /** Asks the app for what is new, and again after a while: sooner while a run goes. */
  async #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const api = this.#api;
    if (api === undefined) return;
    try {
      const [status, page] = await Promise.all([api.status(), api.runs(runsPerPage)]);
      if (api !== this.#api) return;
      const { runs, olderRuns } = mergeRuns(this.#state, page);
      const changes = statusChanges(this.#state.status, status);
      // Only the list counts: a run that is in it is watched until it ends.
      if (runs.some(({ runId }) => runId === this.#awaited)) this.#awaited = undefined;
      if (changes !== '') this.#places.announcer.textContent = changes;
      this.#change({ status, runs, olderRuns, heardAt: Date.now(), problem: undefined });
      await this.#refreshSelected(api);
    } catch (error) {
      this.#fail(error);
    }
    const isBusy = this.#awaited !== undefined || this.#state.runs.some((run) => !isFinal(run.status));
    // A page that nobody looks at asks nothing; it catches up when it is looked at again.
    if (!document.hidden && this.#api !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#refresh(), isBusy ? busyMs : calmMs);
    }
  }

  async #refreshSelected(api: Api): Promise<void> {
    const { selection, selectedRun } = this.#state;
    if (selection === undefined) return;
    if (selectedRun?.runId === selection.runId && isFinal(selectedRun.status)) return;
    const run = this.#state.runs.find(({ runId }) => runId === selection.runId) ?? (await api.run(selection.runId));
    if (this.#state.selection?.runId !== selection.runId) return;
    this.#change({ selectedRun: run });
    const task = run?.tasks.find(({ table }) => table === this.#state.selection?.table);
    // The rows of a task appear as it goes; once it has ended they stay.
    if (run !== undefined && task !== undefined)
      await this.#rows.follow(api, run.runId, task.table, isFinal(task.status));
  }

  #fail(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) this.#signOut(error.message);
    else this.#change({ problem: textOf(error) });
  }

  #select(selection: Selection | undefined): void {
    const hash = hashOf(selection);
    // Another hash comes back as an event; an empty one, or the same again, does not.
    if (hash !== '' && hash !== location.hash) {
      location.hash = hash;
      return;
    }
    if (hash === '' && location.hash !== '') history.pushState(null, '', location.pathname);
    this.#follow(selection);
  }

  /** Shows what the address asks for. */
  #follow(selection: Selection | undefined): void {
    const known = this.#state.runs.find(({ runId }) => runId === selection?.runId);
    const isSameRun = this.#state.selectedRun?.runId === selection?.runId;
    this.#inspector.close();
    this.#change({ selection, selectedRun: isSameRun ? this.#state.selectedRun : known, rows: undefined });
    const api = this.#api;
    if (selection === undefined || api === undefined) return;
    document.getElementById('details-title')?.focus();
    if (selection.table !== undefined) void this.#rows.open(api, selection.runId, selection.table);
    this.#refreshSelected(api).catch((error: unknown) => this.#fail(error));
  }

  async #inspect(kind: InspectionKind): Promise<void> {
    if (this.#api === undefined) return;
    const looked = this.#inspector.look(this.#api, kind);
    document.getElementById('details-title')?.focus();
    const news = await looked;
    if (news !== undefined) this.#places.announcer.textContent = news;
  }

  async #loadOlderRuns(): Promise<void> {
    const { olderRuns, runs } = this.#state;
    if (this.#api === undefined || olderRuns === undefined) return;
    this.#change({ isLoadingOlder: true });
    try {
      const page = await this.#api.runs(100, olderRuns);
      const known = new Set(runs.map(({ runId }) => runId));
      this.#change({
        runs: [...this.#state.runs, ...page.runs.filter(({ runId }) => !known.has(runId))],
        olderRuns: page.continuation,
        isLoadingOlder: false,
      });
    } catch (error) {
      this.#change({ isLoadingOlder: false });
      this.#fail(error);
    }
  }

  async #askToStart(mode: Parameters<Actions['askToStart']>[0]): Promise<void> {
    const tables = this.#state.status?.groups.flatMap((group) => group.tasks.map(({ table }) => table)) ?? [];
    const chosen = await ask(this.#places.dialog, startQuestion(mode, tables));
    if (chosen === undefined || this.#api === undefined) return;
    try {
      const { runId } = await this.#api.start(startRequest(mode, tables, chosen));
      this.#awaited = runId;
      this.#select({ runId, table: tables.length === 1 ? tables[0] : undefined });
      await this.#refresh();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #askToCancel(runId: string): Promise<void> {
    const isSure = await ask(this.#places.dialog, cancelQuestion);
    if (isSure === undefined || this.#api === undefined) return;
    try {
      await this.#api.cancel(runId);
      this.#places.announcer.textContent = 'The run is being canceled.';
      await this.#refresh();
    } catch (error) {
      this.#fail(error);
    }
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
