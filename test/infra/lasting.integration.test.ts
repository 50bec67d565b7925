import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findAges } from '../../infra/scripts/check-ages.ts';
import {
  bicepWith,
  infraFolder,
  missing,
  ofType,
  onlyOne,
  type PredictedResource,
  predictResources,
  sampleEnvironment,
} from './bicep-compiler.ts';
import {
  everything,
  existingWorkspace,
  existingZone,
  isolated,
  plain,
  second,
  withSettings,
} from './sample-deployments.ts';

let plainResources: readonly PredictedResource[] = [];
let allResources: readonly PredictedResource[] = [];
let isolatedResources: readonly PredictedResource[] = [];

beforeAll(async () => {
  if (missing) return;
  [plainResources = [], allResources = [], isolatedResources = []] = await Promise.all(
    [plain, everything, isolated].map(predictResources),
  );
});
beforeEach(({ skip }) => {
  if (missing) skip(missing);
});

describe('an environment', () => {
  const parameters = join(infraFolder, 'main.bicepparam');

  it.each(['AZURE_ENV_NAME', 'AZURE_LOCATION'])('is named, never assumed: %s', async (name) => {
    const { [name]: _, ...rest } = sampleEnvironment as Record<string, string>;

    await expect(bicepWith(rest, 'build-params', parameters, '--stdout')).rejects.toThrow(
      `Environment variable "${name}" does not exist`,
    );
  });

  it('has parameters and a set-up of its own; without them nothing is deployed', async () => {
    const environment = { ...sampleEnvironment, AZURE_ENV_NAME: 'production' };

    await expect(bicepWith(environment, 'build-params', parameters, '--stdout')).rejects.toThrow(
      /environments\/production\/settings\.json/,
    );
  });

  it('touches nothing of another one in the same subscription', async () => {
    const mine = new Set(plainResources.map(({ id }) => id));

    const theirs = await predictResources(second);

    expect(theirs.length).toBe(mine.size);
    expect(theirs.filter(({ id }) => mine.has(id))).toEqual([]);
    // Nothing of what it makes leads to the other one either.
    expect(JSON.stringify(theirs)).not.toContain('rg-backstamp-test');
  });

  it('says which organisation it belongs to, where a deployment would show that it changes', () => {
    expect(onlyOne(plainResources, 'Microsoft.Resources/resourceGroups').tags).toMatchObject({
      'azd-env-name': 'test',
      'backstamp-organisation': 'https://contoso.crm.dynamics.com',
    });
  });
});

describe('settings that cannot be', () => {
  it.each([
    ['a name that there is not', `writers: 3`, 'writers'],
    [
      'a flow without its door',
      `doors: { flowTrigger: { type: 'x', inputs: {} } }`,
      'doors.flowTrigger needs doors.eventGrid',
    ],
    [
      'a flow into a closed network',
      `doors: { eventGrid: true, flowTrigger: { type: 'x', inputs: {} } }\n  network: { kind: 'own', addressPrefix: '10.0.0.0/24', isolated: true }`,
      'exclude each other',
    ],
    [
      'an app in three zones over storage in one',
      `zoneRedundantApp: true\n  zoneRedundantStorage: false`,
      'zoneRedundantApp needs zone-redundant storage',
    ],
    ['a network of no kind', `network: { addressPrefix: '10.0.0.0/24' }`, 'kind'],
  ])('%s is refused before anything is made', async (_, settings, words) => {
    await expect(predictResources(withSettings(settings))).rejects.toThrow(words);
  });

  it('a region without Flex Consumption is refused', async () => {
    await expect(predictResources(plain.replace("'westeurope'", "'antarcticasouth'"))).rejects.toThrow(
      'antarcticasouth',
    );
  });
});

describe('role assignments', () => {
  it('are named after the principal: an identity made anew gets assignments of its own', () => {
    const assignments = [plainResources, allResources].flatMap((resources) =>
      ofType(resources, 'Microsoft.Authorization/roleAssignments'),
    );

    expect(assignments.length).toBeGreaterThan(10);
    for (const { name, properties } of assignments) {
      const principal = String(properties.principalId).slice(1, -1);
      expect(principal).toMatch(/^reference\(/);
      expect(name, 'the name follows from the principal id').toContain(principal);
    }
  });
});

describe('a door that is shut', () => {
  it('leaves nothing behind that docs/doors.md does not name', async () => {
    const guide = await readFile(join(infraFolder, '..', 'docs', 'doors.md'), 'utf8');
    const chapter = guide.split('\n## Shutting a door\n')[1] ?? '';
    const without = new Set(plainResources.map(({ id }) => id));
    const ofDoors =
      /EventGrid|EventHub|Logic|connections|id-backstamp-flow|undeliverable|privateEndpoints|privateLinkScopes|virtualNetworks|namespaces\/sb/;

    const left = [...allResources, ...isolatedResources]
      .filter(({ id, type }) => !without.has(id) && !type.startsWith('Microsoft.Authorization') && ofDoors.test(id))
      // The first part of a name tells the resource; what is in it goes with it.
      .map(({ name }) => (name.includes('undeliverable') ? 'undeliverable-events' : (name.split('/')[0] ?? '')))
      .map((name) => name.replace(/-[a-z0-9]{13}$/, '').replace(/^pep-backstamp-.*/, 'pep-backstamp'));

    expect([...new Set(left)].filter((name) => name !== 'backstamp' && !chapter.includes(name))).toEqual([]);
    expect(left.length).toBeGreaterThan(10);
  });
});

describe('what cannot be taken back', () => {
  it('needs no change of a namespace’s tier: a network brings a namespace of its own', () => {
    const names = [plainResources, allResources].map((resources) =>
      onlyOne(resources, 'Microsoft.ServiceBus/namespaces'),
    );

    expect(names[0]?.name).not.toBe(names[1]?.name);
    expect(names.map(({ sku }) => sku)).toMatchObject([{ name: 'Standard' }, { name: 'Premium' }]);
  });
});

describe('storage', () => {
  const sku = (resources: readonly PredictedResource[]): unknown =>
    onlyOne(resources, 'Microsoft.Storage/storageAccounts').sku;

  it('is zone-redundant where the region has zones, unless told otherwise', async () => {
    const inOneZone = await predictResources(plain.replace("'westeurope'", "'northcentralus'"));

    expect(sku(plainResources)).toEqual({ name: 'Standard_ZRS' });
    expect(sku(inOneZone)).toEqual({ name: 'Standard_LRS' });
    expect(sku(isolatedResources)).toEqual({ name: 'Standard_LRS' });
  });

  it('keeps deleted blobs and containers for a while', () => {
    expect(onlyOne(plainResources, 'Microsoft.Storage/storageAccounts/blobServices').properties).toMatchObject({
      deleteRetentionPolicy: { enabled: true, days: 7 },
      containerDeleteRetentionPolicy: { enabled: true, days: 7 },
    });
  });

  it('is locked against being deleted where that is asked for', () => {
    expect(ofType(plainResources, 'Microsoft.Authorization/locks')).toEqual([]);
    const lock = onlyOne(allResources, 'Microsoft.Authorization/locks');
    expect(lock.id).toContain('/storageAccounts/');
    expect(lock.properties.level).toBe('CanNotDelete');
  });
});

describe('tags', () => {
  // Parts of another resource, and what is attached to one, have none.
  const bare = ['Microsoft.Authorization/', 'Microsoft.Insights/diagnosticSettings'];
  const parts = /^(?!Microsoft\.Network\/privateDnsZones\/virtualNetworkLinks)[^/]+\/[^/]+\/.+/;

  it('are on everything that takes them', () => {
    for (const resources of [allResources, isolatedResources]) {
      const untagged = resources
        .filter(({ type }) => !bare.some((prefix) => type.startsWith(prefix)) && !parts.test(type))
        .filter(({ tags }) => (tags as Record<string, string> | undefined)?.['azd-env-name'] !== 'test');

      expect(untagged.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
    }
    const group = onlyOne(allResources, 'Microsoft.Resources/resourceGroups');
    expect(group.tags).toMatchObject({ 'cost-center': 'crm' });
    expect(onlyOne(allResources, 'Microsoft.Web/sites').tags).toMatchObject({
      'cost-center': 'crm',
      'azd-service-name': 'app',
    });
  });
});

describe('diagnostic settings', () => {
  const scopes = (resources: readonly PredictedResource[]): string[] =>
    ofType(resources, 'Microsoft.Insights/diagnosticSettings').map(
      ({ id }) => /providers\/(Microsoft\.[^/]+\/[^/]+)/.exec(id)?.[1] ?? '',
    );

  it('lead from Service Bus, storage and each door to the workspace, from the app where that is asked for', () => {
    const always = [
      'Microsoft.ServiceBus/namespaces',
      'Microsoft.Storage/storageAccounts',
      'Microsoft.Storage/storageAccounts',
    ];
    const doors = ['Microsoft.EventGrid/topics', 'Microsoft.EventHub/namespaces', 'Microsoft.Logic/workflows'];

    expect(scopes(plainResources).toSorted()).toEqual(always.toSorted());
    expect(scopes(allResources).toSorted()).toEqual([...always, ...doors, 'Microsoft.Web/sites'].toSorted());
  });

  it('lead to a workspace that is there already where one is named, as does all else', () => {
    const settings = ofType(isolatedResources, 'Microsoft.Insights/diagnosticSettings');

    const ofMonitoring = expect.stringContaining('outputs.workspaceId.value');
    for (const { properties } of settings) expect(properties.workspaceId).toEqual(ofMonitoring);
    expect(ofType(isolatedResources, 'Microsoft.OperationalInsights/workspaces')).toEqual([]);
    const components = onlyOne(isolatedResources, 'Microsoft.Insights/components');
    expect(components.properties.WorkspaceResourceId).toBe(existingWorkspace);
    for (const { properties } of ofType(isolatedResources, 'Microsoft.Insights/scheduledQueryRules'))
      expect(properties.scopes).toEqual([ofMonitoring]);
  });
});

describe('an isolated installation', () => {
  /** Types whose resources may be closed to the public, and where that is said. */
  const closed: Readonly<Record<string, string>> = {
    'Microsoft.Storage/storageAccounts': 'publicNetworkAccess',
    'Microsoft.ServiceBus/namespaces': 'publicNetworkAccess',
    'Microsoft.EventGrid/topics': 'publicNetworkAccess',
    'Microsoft.Web/sites': 'publicNetworkAccess',
    'Microsoft.Insights/components': 'publicNetworkAccessForIngestion',
  };

  it('leaves nothing public that can be private', () => {
    for (const [type, property] of Object.entries(closed))
      expect(onlyOne(isolatedResources, type).properties[property], type).toBe('Disabled');
    // Customer Insights writes to it from outside.
    const open = isolatedResources.filter(({ properties }) => JSON.stringify(properties).includes('"Enabled"'));
    expect(open.map(({ type }) => type)).toEqual(['Microsoft.Insights/components']);
  });

  it('has an endpoint for each, entered in the zones that are given or made', () => {
    const endpoints = ofType(isolatedResources, 'Microsoft.Network/privateEndpoints');
    const entries = ofType(isolatedResources, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups');

    expect(endpoints.map(({ name }) => name.split('-')[2]).toSorted()).toEqual([
      'azuremonitor',
      'blob',
      'namespace',
      'sites',
      'table',
      'topic',
    ]);
    expect(entries).toHaveLength(endpoints.length);
    const zones = ofType(isolatedResources, 'Microsoft.Network/privateDnsZones').map(({ name }) => name);
    expect(zones).not.toContain('privatelink.servicebus.windows.net');
    expect(JSON.stringify(entries)).toContain(existingZone);
  });

  it('uses the subnets that are there already and makes no network', () => {
    expect(ofType(isolatedResources, 'Microsoft.Network/virtualNetworks')).toEqual([]);
    expect(onlyOne(isolatedResources, 'Microsoft.Web/sites').properties.virtualNetworkSubnetId).toMatch(
      /\/virtualNetworks\/hub\/subnets\/backstamp$/,
    );
  });

  it('leaves names to a policy where that is said', async () => {
    const resources = await predictResources(isolated.replace(/dns: \{ zoneIds: .*\}/, 'dns: { byPolicy: true }'));

    expect(resources.filter(({ type }) => /privateDnsZone/.test(type))).toEqual([]);
    expect(ofType(resources, 'Microsoft.Network/privateEndpoints')).toHaveLength(6);
  });
});

describe('signing in', () => {
  it('is off unless asked for, needs no secret, and leaves the event door and health to keys', () => {
    expect(ofType(plainResources, 'Microsoft.Web/sites/config')).toEqual([]);

    const { properties } = onlyOne(allResources, 'Microsoft.Web/sites/config');

    expect(properties).toMatchObject({
      platform: { enabled: true },
      globalValidation: {
        requireAuthentication: true,
        excludedPaths: ['/api/unification-events', '/api/health'],
      },
      identityProviders: {
        azureActiveDirectory: {
          registration: {
            clientId: '33333333-3333-4333-8333-333333333333',
            clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID',
          },
        },
      },
    });
  });
});

describe('rules that count days', () => {
  it('are kept by a command of their own, which finds what has grown old', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backstamp-ages-'));
    try {
      const file = join(folder, 'old.bicep');
      await writeFile(file, `resource a 'Microsoft.Storage/storageAccounts@2015-06-15' existing = {\n  name: 'a'\n}\n`);

      expect(await findAges(file)).toEqual([expect.stringContaining('use-recent-api-versions')]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
