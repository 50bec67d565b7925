import type { VirtualClock } from './virtual-clock.ts';

/** What a process does to the outside world; each is one step, before and after which it may die. */
export type Step = 'send' | 'complete' | 'table read' | 'table write' | 'dataverse read' | 'dataverse write';

/** What befalls a process at a step. */
export type Fault =
  | { readonly kind: 'die before' }
  | { readonly kind: 'die after' }
  /** The step is not done, and the process is told so. */
  | { readonly kind: 'error before'; readonly error: Error }
  /** The step is done, and the process is told that it was not. */
  | { readonly kind: 'error after'; readonly error: Error }
  /** The step is done, its answer is lost, and the client tries again by itself. */
  | { readonly kind: 'done twice' }
  /** The process is held up before the step, loses its lock meanwhile, and then goes on. */
  | { readonly kind: 'freeze' }
  /** The step, or its answer, takes so long that whatever else the process can do is done first. */
  | { readonly kind: 'slow' }
  | { readonly kind: 'slow answer' }
  /** Something else happens in the world. */
  | { readonly kind: 'meanwhile'; readonly action: () => void };

/** Everything that all processes have in common: time, and the count of steps. */
export class World {
  readonly clock: VirtualClock;
  /** Time that one step takes, in milliseconds. */
  stepMs = 20;
  steps = 0;
  /** Decides what befalls the process at a step. */
  faultAt: (step: number, what: Step) => Fault | undefined = () => undefined;
  readonly #frozen: (() => void)[] = [];

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  get hasFrozen(): boolean {
    return this.#frozen.length > 0;
  }

  freeze(): Promise<void> {
    return new Promise((resolve) => this.#frozen.push(resolve));
  }

  /** Lets every process that was held up go on. */
  thaw(): void {
    for (const resume of this.#frozen.splice(0)) resume();
  }
}

/** How a process stopped, as the broker sees it: it lets go of its lock. */
export type Loss = 'died' | 'frozen';

const everythingElse = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** A process: its steps can be counted, failed, held up, and it can be killed between any two of them. */
export class Worker {
  readonly world: World;
  /** The process died, or was held up for the first time. */
  readonly lost: Promise<Loss>;
  readonly died: Promise<'died'>;
  #isAlive = true;
  #wasFrozen = false;
  readonly #lose: (loss: Loss) => void;
  readonly #end: (loss: 'died') => void;

  constructor(world: World) {
    this.world = world;
    const lost = Promise.withResolvers<Loss>();
    const died = Promise.withResolvers<'died'>();
    this.lost = lost.promise;
    this.died = died.promise;
    this.#lose = lost.resolve;
    this.#end = died.resolve;
  }

  /** Does one step, unless something befalls the process first. `again` is what a second try by the client gives. */
  async step<T>(what: Step, action: () => T, again: () => T = action): Promise<T> {
    if (!this.#isAlive) return never();
    const { world } = this;
    const fault = world.faultAt(++world.steps, what);
    world.clock.advance(world.stepMs);
    await null;
    if (!this.#isAlive) return never();
    if (fault?.kind === 'die before') return this.#die();
    if (fault?.kind === 'error before') throw fault.error;
    if (fault?.kind === 'freeze' && !this.#wasFrozen) {
      this.#wasFrozen = true;
      this.#lose('frozen');
      await world.freeze();
    }
    if (fault?.kind === 'slow') await everythingElse();
    if (!this.#isAlive) return never();
    let result = action();
    if (fault?.kind === 'done twice') result = again();
    if (fault?.kind === 'die after') return this.#die();
    if (fault?.kind === 'error after') throw fault.error;
    if (fault?.kind === 'meanwhile') fault.action();
    if (fault?.kind === 'slow answer') await everythingElse();
    await null;
    return this.#isAlive ? result : never();
  }

  #die<T>(): Promise<T> {
    this.#isAlive = false;
    this.#lose('died');
    this.#end('died');
    return never();
  }
}
