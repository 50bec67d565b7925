/**
 * Shows what a deployment of the environment in AZURE_ENV_NAME would change, and fails where it would change what cannot
 * be taken back, or hand the installation to another organisation. Nothing is changed. Needs the Azure CLI, signed in.
 *
 *     npm run what-if
 */
import { join } from 'node:path';
import { z } from 'zod';
import { az, deploymentArguments } from './azure-cli.ts';

/** A property that a deployment would change; `path` as Azure writes it, with dots and indices. */
interface PropertyChange {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly children?: readonly PropertyChange[] | null | undefined;
}
const propertyChange: z.ZodType<PropertyChange> = z.lazy(() =>
  z.object({
    path: z.string(),
    before: z.unknown(),
    after: z.unknown(),
    children: z.array(propertyChange).nullish(),
  }),
);
const whatIfSchema = z.object({
  changes: z.array(
    z.object({ resourceId: z.string(), changeType: z.string(), delta: z.array(propertyChange).nullish() }),
  ),
});
/** What Azure foretells of a deployment (`az deployment sub what-if --no-pretty-print`). */
export type WhatIf = z.infer<typeof whatIfSchema>;

/** Properties whose change Azure refuses, or that cannot be undone, by type of resource. */
const fixed: readonly { readonly type: string; readonly path: RegExp; readonly remedy: string }[] = [
  {
    type: 'Microsoft.Resources/resourceGroups',
    path: /^tags\.backstamp-organisation$/,
    remedy:
      'The state belongs to the organisation that it was made for. Another organisation is another environment, with a folder of its own. If the same organisation got a new address, set the tag by hand first.',
  },
  {
    type: 'Microsoft.Storage/storageAccounts',
    path: /^sku(\.name)?$/,
    remedy: 'Convert the account first: az storage account migration start. Or set zoneRedundantStorage to what it is.',
  },
  {
    type: 'Microsoft.ServiceBus/namespaces',
    path: /^sku(\.(name|tier))?$/,
    remedy: 'The tier of a namespace cannot be changed.',
  },
  {
    type: 'Microsoft.ServiceBus/namespaces/queues',
    path: /^properties\.requires(Session|DuplicateDetection)$/,
    remedy:
      'Sessions and duplicate detection are fixed when a queue is made: deploy the version that runs, or make the queue anew while no run is under way.',
  },
  {
    type: 'Microsoft.EventHub/namespaces/eventhubs',
    path: /^properties\.partitionCount$/,
    remedy: 'The number of partitions cannot be changed.',
  },
  {
    type: 'Microsoft.Network/virtualNetworks',
    path: /^properties\.addressSpace/,
    remedy: 'Subnets lie in that range: keep network.addressPrefix.',
  },
  {
    type: 'Microsoft.Network/virtualNetworks/subnets',
    path: /^properties\.addressPrefix$/,
    remedy: 'Something lies in that subnet: keep network.addressPrefix.',
  },
  {
    type: 'Microsoft.Web/sites',
    path: /^properties\.virtualNetworkSubnetId$/,
    remedy: 'Storage and Service Bus stay closed to the public, and the app would no longer reach them: keep network.',
  },
];

/** Why a deployment should not be made as it stands, one fault a line; none where it may go ahead. */
export function faultsOf({ changes }: WhatIf): readonly string[] {
  return changes.flatMap(({ resourceId, changeType, delta }) => {
    if (changeType === 'Delete') return [`${resourceId} would be deleted.`];
    if (changeType !== 'Modify') return [];
    const type = typeOf(resourceId);
    return leaves(delta ?? [], '').flatMap(({ path, before, after }) => {
      const rule = fixed.find((one) => one.type === type && one.path.test(path));
      if (rule === undefined || before === undefined || before === null) return [];
      return [`${resourceId}: ${path} would change from ${shown(before)} to ${shown(after)}. ${rule.remedy}`];
    });
  });
}

/** `Microsoft.ServiceBus/namespaces/queues` of `…/providers/Microsoft.ServiceBus/namespaces/a/queues/b`. */
function typeOf(resourceId: string): string {
  const [, provider] = resourceId.split(/\/providers\/(?!.*\/providers\/)/);
  if (provider === undefined) return 'Microsoft.Resources/resourceGroups';
  const [namespace, ...parts] = provider.split('/');
  return [namespace, ...parts.filter((_, index) => index % 2 === 0)].join('/');
}

const leaves = (delta: readonly PropertyChange[], above: string): PropertyChange[] =>
  delta.flatMap((change) => {
    const path = above === '' ? change.path : `${above}.${change.path}`;
    return change.children && change.children.length > 0 ? leaves(change.children, path) : [{ ...change, path }];
  });

const shown = (value: unknown): string => (value === undefined || value === null ? 'nothing' : JSON.stringify(value));

/** Asks Azure what a deployment would change. */
export async function foretell(): Promise<WhatIf> {
  const answer = await az(
    'deployment',
    'sub',
    'what-if',
    ...deploymentArguments(),
    '--no-pretty-print',
    '--output',
    'json',
  );
  return whatIfSchema.parse(JSON.parse(answer));
}

if (import.meta.main) {
  process.chdir(join(import.meta.dirname, '..', '..'));
  const whatIf = await foretell();
  for (const { resourceId, changeType } of whatIf.changes)
    if (!['NoChange', 'Ignore'].includes(changeType)) console.log(`${changeType.padEnd(12)}${resourceId}`);
  const faults = faultsOf(whatIf);
  for (const fault of faults) console.error(`\nStop: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
