import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseUnificationEvent } from '../../shared/contracts/foreign-event.ts';
import { understand } from '../cli/understand.ts';
import { missing, ofType, onlyOne, type PredictedResource, predictResources } from './bicep-compiler.ts';
import { everything, existingGroup, plain } from './sample-deployments.ts';

let plainResources: readonly PredictedResource[] = [];
let allResources: readonly PredictedResource[] = [];

beforeAll(async () => {
  if (missing) return;
  [plainResources = [], allResources = []] = await Promise.all([plain, everything].map(predictResources));
});
beforeEach(({ skip }) => {
  if (missing) skip(missing);
});

describe('the doors', () => {
  it('are shut unless asked for', () => {
    const types = plainResources.map(({ type }) => type);

    expect(types.filter((type) => /EventGrid|EventHub|Logic|Network/.test(type))).toEqual([]);
  });

  it('lead from Event Grid to the queue of unification events, by the topic’s own identity', () => {
    const { properties } = onlyOne(allResources, 'Microsoft.EventGrid/topics/eventSubscriptions');

    expect(properties).toMatchObject({
      eventDeliverySchema: 'CloudEventSchemaV1_0',
      filter: { includedEventTypes: ['Backstamp.UnificationCompleted'] },
      deliveryWithResourceIdentity: {
        identity: { type: 'SystemAssigned' },
        destination: { properties: { resourceId: expect.stringMatching(/\/queues\/unification-events$/) } },
      },
    });
  });

  it('let the flow post an event that the program takes', () => {
    const flow = onlyOne(allResources, 'Microsoft.Logic/workflows');

    const { definition } = flow.properties as {
      definition: { triggers: object; actions: { postEvent: { inputs: { body: object; authentication: object } } } };
    };

    expect(definition.triggers).toMatchObject({ unificationCompleted: { type: 'ApiConnectionWebhook' } });
    expect(definition.actions.postEvent.inputs.authentication).toMatchObject({ type: 'ManagedServiceIdentity' });
    const evaluated = JSON.parse(
      JSON.stringify(definition.actions.postEvent.inputs.body)
        .replace('@{workflow().run.name}', '08584571234567890123456789012CU00')
        .replace('@{workflow().id}', '/workflows/1')
        .replace('@{utcNow()}', '2026-11-22T05:00:00.0000000Z'),
    ) as unknown;
    const event = parseUnificationEvent(evaluated, { now: Date.parse('2026-11-22T05:00:00Z') });
    expect(event.data).toMatchObject({ eventId: '08584571234567890123456789012CU00', mode: 'incremental' });
  });
});

describe('a network of its own', () => {
  it('closes storage and Service Bus to the public and gives each a private endpoint', () => {
    const endpoints = ofType(allResources, 'Microsoft.Network/privateEndpoints').map(({ name }) => name.split('-')[2]);

    expect(endpoints.toSorted()).toEqual(['blob', 'namespace', 'table']);
    expect(onlyOne(allResources, 'Microsoft.Storage/storageAccounts').properties.publicNetworkAccess).toBe('Disabled');
    const namespace = onlyOne(allResources, 'Microsoft.ServiceBus/namespaces');
    expect(namespace.properties.publicNetworkAccess).toBe('Disabled');
    expect(namespace.sku).toMatchObject({ name: 'Premium' });
    expect(onlyOne(plainResources, 'Microsoft.ServiceBus/namespaces').sku).toMatchObject({ name: 'Standard' });
  });
});

describe('the alerts', () => {
  interface Rule {
    description: string;
    actions: { actionGroups: string[]; customProperties: Record<string, string> };
  }
  const rulesOf = (resources: readonly PredictedResource[]): Rule[] =>
    ofType(resources, 'Microsoft.Insights/scheduledQueryRules').map(({ properties }) => properties as unknown as Rule);

  it('end their descriptions with a next step', () => {
    const metricAlert = onlyOne(plainResources, 'Microsoft.Insights/metricAlerts');

    const descriptions = [...rulesOf(plainResources), metricAlert.properties].map(({ description }) => description);

    expect(descriptions).toHaveLength(13);
    for (const description of descriptions) expect(description).toMatch(/Next step: .{20,}\.$/);
  });

  it('carry links to the page and the workbook, their runbook, and a next step as a command', async () => {
    const guide = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'alerts.md'), 'utf8');
    const ofRules = rulesOf(plainResources).map(({ actions }) => actions.customProperties);
    const ofMetric = onlyOne(allResources, 'Microsoft.Insights/metricAlerts').properties.actions as {
      webHookProperties: Record<string, string>;
    }[];

    for (const { page, workbook, runbook = '', command = '' } of [
      ...ofRules,
      ...ofMetric.map(({ webHookProperties }) => webHookProperties),
    ]) {
      expect(page).toContain('/api/status-page');
      expect(workbook).toContain('/workbook');
      expect(guide).toContain(`\n## ${runbook.split('#')[1]}\n`);
      expect(command).toMatch(/^npx --no backstamp /);
      expect(() => understand(command.split(' ').slice(3)), command).not.toThrow();
    }
  });

  it('have a section each in the runbook', async () => {
    const runbook = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'alerts.md'), 'utf8');
    const names = [
      ...ofType(plainResources, 'Microsoft.Insights/scheduledQueryRules'),
      ...ofType(plainResources, 'Microsoft.Insights/metricAlerts'),
    ].map(({ name }) => name.replace(/^alert-backstamp-/, '').replace(/-[a-z0-9]{13}$/, ''));

    expect(names.filter((name) => !runbook.includes(`## ${name}\n`))).toEqual([]);
  });

  it('tell whoever is named, by mail, by webhook and by a group that is there already, and nobody otherwise', () => {
    expect(rulesOf(plainResources).flatMap(({ actions }) => actions.actionGroups)).toEqual([]);
    const group = onlyOne(allResources, 'Microsoft.Insights/actionGroups');
    for (const { actions } of rulesOf(allResources)) expect(actions.actionGroups).toEqual([group.id, existingGroup]);
    expect(onlyOne(allResources, 'Microsoft.Insights/metricAlerts').properties.actions).toMatchObject([
      { actionGroupId: group.id },
      { actionGroupId: existingGroup },
    ]);
    expect(ofType(plainResources, 'Microsoft.Insights/actionGroups')).toEqual([]);
    expect(group.properties.emailReceivers).toMatchObject([{ emailAddress: 'oncall@contoso.com' }]);
    // The address itself is a secure parameter, which nothing shows.
    expect(group.properties.webhookReceivers).toMatchObject([{ name: 'teams', useCommonAlertSchema: true }]);
    expect(JSON.stringify(group)).not.toContain('contoso.example');
  });
});
