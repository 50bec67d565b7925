import { putApplicationUser } from '../../local/sample/control-plane.ts';
import { type GeneratedOrganisation, generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges, loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import type { TestStack } from '../support/stack.ts';
import { startWith } from './sample-stack.ts';

/** A running app over a generated organisation that the linker's application user may read and write. */
export interface SampleApp {
  readonly stack: TestStack;
  readonly organisation: GeneratedOrganisation;
  /** Gives the linker's application user other privileges. */
  allow(privileges: 'all' | readonly string[]): Promise<void>;
  /** Asks the stand-in's control plane. */
  control(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void>;
}

export async function startSampleApp(options: {
  readonly rows: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Changes the set-up that goes with the organisation. */
  readonly change?: (setup: UnificationSetup) => UnificationSetup;
}): Promise<SampleApp> {
  const { rows, settings = {}, change = (setup) => setup } = options;
  const organisation = generateOrganisation({ rows, seed: 20_260_301 });
  const stack = await startWith(change(unificationSetup(organisation)), settings);
  await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
  return {
    stack,
    organisation,
    allow: (privileges) => putApplicationUser(stack.dataverseUrl, localClientId, privileges),
    async control(method, path, body) {
      const response = await fetch(new URL(`/__control/${path}`, stack.dataverseUrl), {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    },
  };
}

export { linkingPrivileges };
