import { render } from 'preact';
import type { Accepted } from '../shared/api/schemas.ts';
import type { TableHold } from '../shared/contracts/hold.ts';
import { isFinal } from '../shared/contracts/is-final.ts';
import { Api, ApiError } from './api.ts';
import { AppView, titleOf } from './app-view.tsx';
import { ask } from './dialog.tsx';
import { hostOf } from './format.ts';
import { Inspector } from './inspector.ts';
import { LookUp } from './look-up.ts';
import { sourceTables } from './look-up-view.tsx';
import { mergeRuns, statusChanges } from './news.ts';
import { hashOf, isSameThing, type Place, placeAbove, placeOf, runPlace, tablePlace } from './place.ts';
import { cancelQuestion, confirmQuestion, startQuestion } from './questions.tsx';
import { readRowName } from './row-address.ts';
import { RowPager } from './row-pager.ts';
import { isEveryRun } from './run-filter.ts';
import { RunFinder } from './run-finder.ts';
import { startRequest } from './start-request.ts';
import { type Actions, emptyState, type State } from './state.ts';

/** How often the app is asked while a run goes, and while none does, in milliseconds. */
const busyMs = 2_000;
const calmMs = 15_000;
/** What was heard so lately is shown as it is, in milliseconds; whoever turns to another view wants it fresh. */
const freshMs = 500;
const runsPerPage = 20;
/** How long a notice stands, in milliseconds. */
const noticeMs = 4_000;
const keyName = 'backstamp-key';
/** The place to come back to from the platform's sign-in, which keeps nothing that stands after a #. */
const placeName = 'backstamp-place';

interface Surroundings {
  readonly root: HTMLElement;
  readonly announcer: HTMLElement;
  readonly dialog: HTMLDialogElement;
}

/** The page at work: holds the state, asks the app, draws. */
export class App {
  readonly #around: Surroundings;
  readonly #actions: Actions;
  readonly #rows: RowPager;
  readonly #inspector: Inspector;
  readonly #lookUp: LookUp;
  readonly #finder: RunFinder;
  #state: State = emptyState;
  #api: Api | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A run that was just started may take a moment to be recorded. */
  #awaited: string | undefined;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #isDrawing = false;
  #isOutdated = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#rows = new RowPager(
      () => this.#state.rows,
      (rows) => this.#change({ rows }),
    );
    this.#inspector = new Inspector(
      () => this.#state.inspection,
      (inspection) => this.#change({ inspection }),
    );
    this.#lookUp = new LookUp(
      () => this.#state.lookUp,
      (lookUp) => this.#change({ lookUp }),
    );
    this.#finder = new RunFinder(
      () => this.#state.found,
      (found) => this.#change({ found }),
    );
    this.#actions = {
      giveKey: (key) => void this.#enter(key),
      forgetKey: () => this.#leave({ kind: 'key', problem: undefined, isChecking: false }),
      signIn: () => this.#goToSignIn(),
      show: (place, { isStep } = { isStep: true }) => this.#show(place, isStep),
      loadOlderRuns: () => void this.#loadOlderRuns().catch((error: unknown) => this.#fail(error)),
      askToStart: (mode) => void this.#askToStart(mode),
      askToConfirm: (hold) => void this.#askToConfirm(hold),
      askToCancel: (runId) => void this.#askToCancel(runId),
      turnPage: (direction) => this.#api && void this.#rows.turn(this.#api, direction),
      exportRows: () => this.#api && void this.#rows.save(this.#api),
      lookAgain: () => void this.#inspect(),
      lookUp: (text, table) => this.#readRow(text, table),
      loadOlderOutcomes: () => this.#api && void this.#lookUp.loadOlder(this.#api),
      pointAt: (pointedRun) => this.#change({ pointedRun }),
      copy: (text, what) => void this.#copy(text, what),
    };
  }

  begin(): void {
    window.addEventListener('hashchange', () => this.#follow(placeOf(location.hash)));
    window.addEventListener('resize', () => this.#draw());
    window.addEventListener('keydown', (event) => this.#goUp(event));
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#api !== undefined) void this.#refresh();
    });
    const kept = sessionStorage.getItem(placeName);
    sessionStorage.removeItem(placeName);
    if (kept !== null && location.hash === '') history.replaceState(null, '', kept);
    this.#change({ place: placeOf(location.hash) });
    void this.#enter(sessionStorage.getItem(keyName) ?? undefined);
  }

  #change(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    this.#draw();
  }

  /** What is drawn may change the state at once: an element that goes with the focus in it tells so while it goes. */
  #draw(): void {
    this.#isOutdated = true;
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    while (this.#isOutdated) {
      this.#isOutdated = false;
      document.title = titleOf(this.#state);
      render(<AppView state={this.#state} actions={this.#actions} now={Date.now()} />, this.#around.root);
    }
    this.#isDrawing = false;
  }

  #announce(text: string): void {
    this.#around.announcer.textContent = text;
  }

  /** Asks the app who it is and whether it answers whoever looks; a key that it knows is kept for this tab. */
  async #enter(key: string | undefined): Promise<void> {
    if (key !== undefined && this.#state.session.kind === 'key')
      this.#change({ session: { kind: 'key', problem: undefined, isChecking: true } });
    const api = new Api(key, (error) => this.#refused(error, key !== undefined));
    try {
      const about = await api.about();
      if (key !== undefined) sessionStorage.setItem(keyName, key);
      this.#api = api;
      this.#change({ session: { kind: 'in', about }, problem: undefined });
      this.#follow(this.#state.place);
      await this.#refresh();
    } catch (error) {
      if (isUnauthorized(error)) return;
      if (this.#state.session.kind === 'key')
        this.#change({ session: { kind: 'key', problem: textOf(error), isChecking: false } });
      else {
        this.#change({ problem: textOf(error) });
        this.#timer = setTimeout(() => void this.#enter(key), calmMs);
      }
    }
  }

  /** Without a key, or without somebody who signed in, there is nothing to show. */
  #refused(error: ApiError, wasKey: boolean): void {
    const { session } = this.#state;
    // Several requests may be refused at once: the first of them ended the session.
    const hasExpired = session.kind === 'in' || (session.kind === 'person' && session.hasExpired);
    if (error.wantsSignIn) this.#leave({ kind: 'person', hasExpired });
    else this.#leave({ kind: 'key', problem: wasKey ? error.message : undefined, isChecking: false });
  }

  #leave(session: State['session']): void {
    sessionStorage.removeItem(keyName);
    clearTimeout(this.#timer);
    this.#api = undefined;
    for (const part of [this.#rows, this.#inspector, this.#lookUp, this.#finder]) part.close();
    this.#change({ ...emptyState, place: this.#state.place, session });
    (document.getElementById('key') ?? document.getElementById('view-title'))?.focus();
  }

  #goToSignIn(): void {
    sessionStorage.setItem(placeName, location.hash);
    location.assign(`/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(location.pathname)}`);
  }

  get #mayOperate(): boolean {
    const { session } = this.#state;
    return session.kind === 'in' && session.about.you.mayOperate;
  }

  /** Asks the app for what is new, and again after a while: sooner while a run goes. */
  async #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const api = this.#api;
    const { session } = this.#state;
    if (api === undefined || session.kind !== 'in' || !session.about.you.maySee) return;
    try {
      const [status, page] = await Promise.all([api.status(), api.newestRuns(runsPerPage)]);
      if (api !== this.#api) return;
      // Something may be held only where a task has ended with a warning: elsewhere there is nothing to ask for.
      const mayHold = status.groups.some(({ tasks }) =>
        tasks.some((task) => task.status === 'Completed with warnings'),
      );
      const { holds } = mayHold || this.#state.holds.length > 0 ? await api.holds() : { holds: [] };
      if (api !== this.#api) return;
      const { runs, olderRuns } = mergeRuns(this.#state, page);
      const changes = statusChanges(this.#state.status, status);
      // Only the list counts: a run that is in it is watched until it ends.
      if (runs?.some(({ runId }) => runId === this.#awaited)) this.#awaited = undefined;
      if (changes !== '') this.#announce(changes);
      const isFirst = this.#state.status === undefined;
      this.#change({ status, holds, runs, olderRuns, heardAt: Date.now(), problem: undefined });
      // A row of which only the id is known waits for the tables to look in.
      if (isFirst && this.#state.place.view === 'row') await this.#openRow(api, this.#state.place);
      await this.#findRuns(api);
      await this.#refreshRun(api);
    } catch (error) {
      this.#fail(error);
    }
    const isBusy = this.#awaited !== undefined || this.#state.runs?.some((run) => !isFinal(run.status));
    // A page that nobody looks at asks nothing; it catches up when it is looked at again.
    if (!document.hidden && this.#api !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#refresh(), isBusy ? busyMs : calmMs);
    }
  }

  /** Looks for the runs of the filter that is chosen; where none is, the newest are known already. */
  async #findRuns(api: Api): Promise<void> {
    const { place } = this.#state;
    if (place.view === 'runs' && !isEveryRun(place.filter)) await this.#finder.find(api, place.filter);
    else this.#finder.close();
  }

  async #refreshRun(api: Api): Promise<void> {
    const { place, run: known } = this.#state;
    if (place.view !== 'run' && place.view !== 'table') return;
    const hasEnded = known?.runId === place.runId && isFinal(known.status);
    const run = hasEnded ? known : await api.run(place.runId);
    const here = this.#state.place;
    if (!('runId' in here) || here.runId !== place.runId) return;
    const isMissing = run === undefined && place.runId !== this.#awaited;
    if (!hasEnded) this.#change({ run, missingRun: isMissing ? place.runId : undefined });
    if (here.view !== 'table' || here.tab !== 'rows') return;
    const task = run?.tasks.find(({ table }) => table === here.table);
    // The rows of a task appear as it goes; once it has ended they stay.
    if (run !== undefined && task !== undefined)
      await this.#rows.follow(api, run.runId, task.table, isFinal(task.status));
  }

  #fail(error: unknown): void {
    if (!isUnauthorized(error)) this.#change({ problem: textOf(error) });
  }

  #show(place: Place, isStep: boolean): void {
    const hash = hashOf(place);
    // Another hash comes back as an event; the same again, or one put in its stead, does not.
    if (isStep && hash !== location.hash) location.hash = hash;
    else {
      history.replaceState(null, '', hash);
      this.#follow(place);
    }
  }

  /** Shows what the address asks for. */
  #follow(place: Place): void {
    const before = this.#state.place;
    const isFirst = this.#state.runs === undefined;
    this.#change({ place, pointedRun: undefined, lookUpProblem: undefined });
    const api = this.#api;
    if (api === undefined) return;
    if (place.view !== 'row') this.#lookUp.close();
    if (place.view !== 'table' || place.tab !== 'rows') this.#rows.close();
    const isInspection = place.view in inspections;
    if (!isInspection) this.#inspector.close();
    const isOther = isFirst || !isSameThing(before, place);
    if (isOther && !isFirst) {
      window.scrollTo(0, 0);
      document.getElementById('view-title')?.focus();
    }
    if (isInspection) {
      if (isOther) void this.#inspect();
    } else if (place.view === 'row') void this.#openRow(api, place);
    else if (place.view === 'table' && place.tab === 'rows') {
      const { rows } = this.#state;
      const { runId, table, outcome, search } = place;
      const isThere =
        rows?.runId === runId && rows.table === table && rows.outcome === outcome && rows.search === search;
      if (!isThere) void this.#rows.open(api, place);
    }
    if (Date.now() - (this.#state.heardAt ?? Date.now()) > freshMs) void this.#refresh();
    else {
      const looked = Promise.all([this.#findRuns(api), this.#refreshRun(api)]);
      looked.catch((error: unknown) => this.#fail(error));
    }
  }

  /** From a part to the whole, unless something else takes the key. */
  #goUp(event: KeyboardEvent): void {
    const isTyping =
      event.target instanceof Element && event.target.closest('input, textarea, select, dialog') !== null;
    if (event.key !== 'Escape' || event.defaultPrevented || isTyping || this.#around.dialog.open) return;
    this.#show(placeAbove(this.#state.place), true);
  }

  async #inspect(): Promise<void> {
    const { view } = this.#state.place;
    if (this.#api === undefined || !(view in inspections)) return;
    const news = await this.#inspector.look(this.#api, view as keyof typeof inspections, this.#mayOperate);
    if (news !== undefined) this.#announce(news);
  }

  #readRow(text: string, table: string | undefined): void {
    const { session, status } = this.#state;
    if (session.kind !== 'in') return;
    const reading = readRowName(text, sourceTables(status), session.about.organisation);
    if ('problem' in reading) this.#change({ lookUpProblem: reading.problem });
    else this.#show({ view: 'row', id: reading.id, table: reading.table ?? table }, true);
  }

  async #openRow(api: Api, { table, id }: Extract<Place, { view: 'row' }>): Promise<void> {
    const { lookUp, session, status } = this.#state;
    if (id === undefined || session.kind !== 'in') return this.#lookUp.close();
    if (table !== undefined) {
      if (lookUp?.table !== table || lookUp.id !== id)
        await this.#lookUp.open(api, table, id, session.about.you.maySee);
      return;
    }
    if (status === undefined) return;
    const found = await this.#lookUp.find(api, sourceTables(status), id);
    // The address that was asked for becomes the one of the row that was found.
    if (found !== undefined) this.#show({ view: 'row', table: found, id }, false);
  }

  async #loadOlderRuns(): Promise<void> {
    const { olderRuns, found } = this.#state;
    if (this.#api === undefined) return;
    if (found !== undefined) return this.#finder.findOlder(this.#api);
    if (olderRuns === undefined) return;
    this.#change({ isLoadingOlder: true });
    try {
      const page = await this.#api.olderRuns(100, olderRuns);
      const known = new Set(this.#state.runs?.map(({ runId }) => runId));
      this.#change({
        runs: [...(this.#state.runs ?? []), ...page.runs.filter(({ runId }) => !known.has(runId))],
        olderRuns: page.continuation,
        isLoadingOlder: false,
      });
    } catch (error) {
      this.#change({ isLoadingOlder: false });
      throw error;
    }
  }

  async #askToStart(mode: Parameters<Actions['askToStart']>[0]): Promise<void> {
    const tables = this.#state.status?.tables.map(({ table }) => table) ?? [];
    const chosen = await ask(this.#around.dialog, startQuestion(mode, tables, this.#organisation));
    const wanted = chosen && startRequest(mode, tables, chosen);
    if (wanted !== undefined) await this.#start((api) => api.start(wanted), wanted.tables ?? tables);
  }

  async #askToConfirm(hold: TableHold): Promise<void> {
    const isSure = await ask(this.#around.dialog, confirmQuestion(hold, this.#organisation));
    if (isSure === undefined) return;
    await this.#start((api) => api.confirmHold(hold.id), [hold.table]);
  }

  /** Starts a run and shows it, or its only table. */
  async #start(start: (api: Api) => Promise<Accepted>, tables: readonly string[]): Promise<void> {
    if (this.#api === undefined) return;
    try {
      const { runId } = await start(this.#api);
      this.#awaited = runId;
      const [only, ...others] = tables;
      this.#show(only !== undefined && others.length === 0 ? tablePlace(runId, only) : runPlace(runId), true);
      await this.#refresh();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #askToCancel(runId: string): Promise<void> {
    const isSure = await ask(this.#around.dialog, cancelQuestion(this.#organisation));
    if (isSure === undefined || this.#api === undefined) return;
    try {
      await this.#api.cancel(runId);
      this.#announce('The run is being canceled.');
      await this.#refresh();
    } catch (error) {
      this.#fail(error);
    }
  }

  get #organisation(): string {
    const { session } = this.#state;
    return session.kind === 'in' ? hostOf(session.about.organisation) : '';
  }

  /** Puts something on the clipboard; where the browser does not let us, it says so. */
  async #copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#notify(`Copied ${what}.`);
    } catch {
      this.#notify(`The browser does not let this page copy ${what}: select it, and copy it by hand.`);
    }
  }

  /** Says something to everybody, not to screen readers alone, for a while. */
  #notify(text: string): void {
    const { announcer } = this.#around;
    clearTimeout(this.#noticeTimer);
    announcer.className = 'notice';
    this.#announce(text);
    this.#noticeTimer = setTimeout(() => {
      announcer.className = 'unseen';
    }, noticeMs);
  }
}

/** Views that are looked into when they are opened, and not followed. */
const inspections = { doctor: true, discover: true, segments: true, audit: true } as const;

/** What the page has turned to already. */
const isUnauthorized = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
