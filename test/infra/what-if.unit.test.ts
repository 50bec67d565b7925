import { describe, expect, it } from 'vitest';
import { deploymentArguments } from '../../infra/scripts/azure-cli.ts';
import { faultsOf, type WhatIf } from '../../infra/scripts/what-if.ts';

const group = '/subscriptions/1/resourceGroups/rg-backstamp-production';
const ofBus = `${group}/providers/Microsoft.ServiceBus/namespaces/sb`;
type Change = WhatIf['changes'][number];

const modify = (resourceId: string, path: string, before: unknown, after: unknown): Change => ({
  resourceId,
  changeType: 'Modify',
  delta: [{ path, before, after }],
});

describe('what a deployment would change', () => {
  it.each<[string, Change, string]>([
    [
      'the organisation of an installation',
      modify(group, 'tags.backstamp-organisation', 'https://contoso.crm.dynamics.com', 'https://test.crm.dynamics.com'),
      'belongs to the organisation',
    ],
    [
      'the redundancy of storage',
      modify(`${group}/providers/Microsoft.Storage/storageAccounts/st`, 'sku.name', 'Standard_LRS', 'Standard_ZRS'),
      'az storage account migration start',
    ],
    ['sessions of a queue', modify(`${ofBus}/queues/link-tasks`, 'properties.requiresSession', true, false), 'fixed'],
    ['the tier of a namespace', modify(ofBus, 'sku.tier', 'Standard', 'Premium'), 'tier'],
    [
      'the way into the network',
      modify(`${group}/providers/Microsoft.Web/sites/app`, 'properties.virtualNetworkSubnetId', '/subnets/app', null),
      'keep network',
    ],
    ['anything by deleting it', { resourceId: ofBus, changeType: 'Delete', delta: null }, 'would be deleted'],
  ])('stops at %s', (_, change, words) => {
    const [fault, another] = faultsOf({ changes: [change] });

    expect(fault).toContain(words);
    expect(fault).toContain(change.resourceId);
    expect(another).toBeUndefined();
  });

  it('finds what is nested', () => {
    const nested: Change = {
      resourceId: `${ofBus}/queues/link-tasks`,
      changeType: 'Modify',
      delta: [{ path: 'properties', children: [{ path: 'requiresDuplicateDetection', before: true, after: false }] }],
    };

    expect(faultsOf({ changes: [nested] })).toHaveLength(1);
  });

  it('lets pass what is made, stays, or may change', () => {
    const changes: Change[] = [
      { resourceId: group, changeType: 'NoChange' },
      { resourceId: ofBus, changeType: 'Create', delta: null },
      modify(group, 'tags.backstamp-organisation', undefined, 'https://contoso.crm.dynamics.com'),
      modify(group, 'tags.cost-center', 'crm', 'sales'),
      modify(`${ofBus}/queues/link-tasks`, 'properties.maxDeliveryCount', 5, 10),
      modify(`${group}/providers/Microsoft.Web/sites/app`, 'properties.virtualNetworkSubnetId', null, '/subnets/app'),
    ];

    expect(faultsOf({ changes })).toEqual([]);
  });
});

describe('a deployment', () => {
  it('is of the environment that the shell names, and of no other', () => {
    expect(deploymentArguments({ AZURE_ENV_NAME: 'production', AZURE_LOCATION: 'westeurope' })).toContain(
      'backstamp-production',
    );
    expect(() => deploymentArguments({ AZURE_LOCATION: 'westeurope' })).toThrow('AZURE_ENV_NAME');
    expect(() => deploymentArguments({ AZURE_ENV_NAME: 'production' })).toThrow('AZURE_LOCATION');
  });
});
