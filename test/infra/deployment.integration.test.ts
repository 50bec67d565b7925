import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { linkingEventsTopic, linkTasksQueue, unificationEventsQueue } from '../../shared/contracts/queues.ts';
import { parseSettings, settingsSchema } from '../../shared/settings.ts';
import { missing, ofType, onlyOne, type PredictedResource, predictResources } from './bicep-compiler.ts';
import { everything, plain } from './sample-deployments.ts';

let plainResources: readonly PredictedResource[] = [];
let allResources: readonly PredictedResource[] = [];

beforeAll(async () => {
  if (missing) return;
  [plainResources = [], allResources = []] = await Promise.all([plain, everything].map(predictResources));
});
beforeEach(({ skip }) => {
  if (missing) skip(missing);
});

describe('Service Bus', () => {
  interface Entity {
    Name: string;
    Properties: Record<string, unknown>;
    Subscriptions?: Entity[];
  }
  const namespaces = 'Microsoft.ServiceBus/namespaces';
  // The emulator takes one hour at most; in Azure a message has to outlive an outage.
  const inAzure = { DefaultMessageTimeToLive: 'P14D' };

  async function readConfig(): Promise<{ Queues: Entity[]; Topics: Entity[] }> {
    const file = join(import.meta.dirname, '..', '..', 'local', 'service-bus', 'Config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as {
      UserConfig: { Namespaces: [{ Queues: Entity[]; Topics: Entity[] }] };
    };
    return config.UserConfig.Namespaces[0];
  }

  /** Properties of a template under the names of Config.json. */
  const pascal = (properties: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name[0]?.toUpperCase() + name.slice(1), value]),
    );

  /** Properties of Config.json that say something; empty forwards say nothing. */
  const telling = (properties: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries({ ...properties, ...inAzure }).filter(([, value]) => value !== ''));

  it('has the queues of the embedded broker, save the time to live', async () => {
    const { Queues } = await readConfig();

    const deployed = ofType(plainResources, `${namespaces}/queues`).map(({ name, properties }) => ({
      Name: name.split('/').at(-1),
      Properties: pascal(properties),
    }));

    expect(deployed).toEqual(Queues.map(({ Name, Properties }) => ({ Name, Properties: telling(Properties) })));
  });

  it('has the topic and the subscription of the embedded broker, save the time to live', async () => {
    const { Topics } = await readConfig();

    const topics = ofType(plainResources, `${namespaces}/topics`).map(({ name, properties }) => ({
      Name: name.split('/').at(-1),
      Properties: pascal(properties),
      Subscriptions: ofType(plainResources, `${namespaces}/topics/subscriptions`)
        .filter((subscription) => subscription.name.startsWith(`${name}/`))
        .map((subscription) => ({
          Name: subscription.name.split('/').at(-1),
          Properties: pascal(subscription.properties),
        })),
    }));

    expect(topics).toEqual(
      Topics.map(({ Name, Properties, Subscriptions = [] }) => ({
        Name,
        Properties: telling(Properties),
        Subscriptions: Subscriptions.map((s) => ({ Name: s.Name, Properties: telling(s.Properties) })),
      })),
    );
  });

  it('has the entities that the program names', () => {
    const names = [
      ...ofType(plainResources, `${namespaces}/queues`),
      ...ofType(plainResources, `${namespaces}/topics`),
    ];

    expect(names.map(({ name }) => name.split('/').at(-1))).toEqual([
      unificationEventsQueue,
      linkTasksQueue,
      linkingEventsTopic,
    ]);
  });

  it('refuses keys', () => {
    for (const resources of [plainResources, allResources]) {
      expect(onlyOne(resources, namespaces).properties.disableLocalAuth).toBe(true);
    }
  });
});

describe('the app settings', () => {
  /** What the host reads by itself. */
  const hostSettings = [
    'AzureWebJobsStorage__credential',
    'AzureWebJobsStorage__clientId',
    'AzureWebJobsStorage__blobServiceUri',
    'AzureWebJobsStorage__tableServiceUri',
    'ServiceBusConnection__credential',
  ];
  const diagnosticLogSettings = ['fullyQualifiedNamespace', 'credential', 'clientId'].map(
    (name) => `DiagnosticLogConnection__${name}`,
  );
  /** Connection strings, for the embedded stack only. */
  const localSettings = ['ServiceBusConnection', 'StateStorage'];
  /** Read by App Service, where it signs people in, and by the library that sends to an OTLP receiver. */
  const othersSettings = ['OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID', 'OTEL_EXPORTER_OTLP_HEADERS'];
  /** Set by App Service itself, where it signs callers in. */
  const platformSettings = ['WEBSITE_AUTH_ENABLED'];
  /** Flex Consumption takes these from functionAppConfig and rejects them as settings. */
  const rejectedByFlex = [
    'FUNCTIONS_WORKER_RUNTIME',
    'FUNCTIONS_WORKER_RUNTIME_VERSION',
    'FUNCTIONS_EXTENSION_VERSION',
    'WEBSITE_NODE_DEFAULT_VERSION',
    'WEBSITE_RUN_FROM_PACKAGE',
    'WEBSITE_CONTENTSHARE',
    'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
    'WEBSITE_CONTENTOVERVNET',
    'WEBSITE_VNET_ROUTE_ALL',
    'WEBSITE_TIME_ZONE',
    'TZ',
    'SCM_DO_BUILD_DURING_DEPLOYMENT',
    'ENABLE_ORYX_BUILD',
  ];

  const settingsOf = (resources: readonly PredictedResource[]): Record<string, string> => {
    const { siteConfig } = onlyOne(resources, 'Microsoft.Web/sites').properties as {
      siteConfig: { appSettings: { name: string; value: string }[] };
    };
    return Object.fromEntries(siteConfig.appSettings.map(({ name, value }) => [name, value]));
  };

  it('are, with every option set, the settings that the program reads and those of the host', () => {
    const notOurs = [...localSettings, ...platformSettings];
    const ofProgram = Object.keys(settingsSchema.shape).filter((name) => !notOurs.includes(name));

    const deployed = Object.keys(settingsOf(allResources));

    expect(deployed.toSorted()).toEqual(
      [...ofProgram, ...hostSettings, ...diagnosticLogSettings, ...othersSettings].toSorted(),
    );
  });

  it('leave an option out that was not given, so that the default of the program holds', () => {
    const options = Object.keys(settingsOf(plainResources)).filter((name) => name.startsWith('BACKSTAMP_'));

    expect(options.toSorted()).toEqual(['BACKSTAMP_DATAVERSE_CLIENT_IDS', 'BACKSTAMP_UNIFICATION']);
  });

  it('are accepted by the program', () => {
    // Only the deployment learns these values; each stands for what Azure would answer.
    const answers: [RegExp, string][] = [
      [/outputs\.(host|writer)ClientIds?\.value/, '4c0f2b1e-8d57-4f0c-9b73-2a1d5e6f7a80'],
      [/outputs\.(blob|table)Endpoint\.value/, 'https://account.table.core.windows.net/'],
      [/outputs\.fullyQualifiedNamespace\.value/, 'sb-backstamp.servicebus.windows.net'],
      [/outputs\.connectionString\.value/, 'InstrumentationKey=0;IngestionEndpoint=https://example.org/'],
    ];
    const answered = (value: string): string =>
      value.startsWith('[') ? (answers.find(([expression]) => expression.test(value))?.[1] ?? value) : value;

    const [plainSettings, allSettings] = [plainResources, allResources].map((resources) => {
      const given = Object.entries(settingsOf(resources)).map(([name, value]) => [name, answered(value)] as const);
      expect(given.filter(([, value]) => value.startsWith('['))).toEqual([]);
      return parseSettings(Object.fromEntries(given));
    });

    expect(plainSettings?.BACKSTAMP_UNIFICATION.tables.map(({ table }) => table)).toEqual(['contact']);
    expect(plainSettings?.BACKSTAMP_BYPASS).toEqual([]);
    expect(allSettings?.BACKSTAMP_BYPASS).toEqual(['customSync', 'flows']);
    expect(allSettings?.BACKSTAMP_SLICE_SECONDS).toBe(120);
  });

  it('name none that Flex Consumption rejects', () => {
    const names = Object.keys(settingsOf(allResources));

    expect(names.filter((name) => rejectedByFlex.includes(name))).toEqual([]);
  });

  it('spread the writes over the app’s own identity and every further one', () => {
    const value = settingsOf(allResources).BACKSTAMP_DATAVERSE_CLIENT_IDS ?? '';

    expect(value).toContain('outputs.hostClientId.value');
    expect(value).toContain('outputs.writerClientIds.value');
    expect(ofType(allResources, 'Microsoft.ManagedIdentity/userAssignedIdentities').map(({ name }) => name)).toEqual([
      expect.stringMatching(/^id-backstamp-[a-z0-9]+$/),
      expect.stringMatching(/^id-backstamp-writer-1-/),
      expect.stringMatching(/^id-backstamp-writer-2-/),
      expect.stringMatching(/^id-backstamp-writer-3-/),
      expect.stringMatching(/^id-backstamp-flow-/),
    ]);
  });
});

describe('the app', () => {
  it('runs on Node 24 on Flex Consumption and is found by azd', async () => {
    const azureYaml = await readFile(join(import.meta.dirname, '..', '..', 'azure.yaml'), 'utf8');

    const app = onlyOne(plainResources, 'Microsoft.Web/sites');

    expect(app.properties.functionAppConfig).toMatchObject({ runtime: { name: 'node', version: '24' } });
    expect(onlyOne(plainResources, 'Microsoft.Web/serverfarms').sku).toMatchObject({ name: 'FC1' });
    const { 'azd-service-name': serviceName } = app.tags as Record<string, string>;
    expect(azureYaml).toMatch(new RegExp(`^  ${serviceName}:$`, 'm'));
  });
});

describe('roles', () => {
  const roleNames: Record<string, string> = {
    'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
    'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
    '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
    '090c5cfd-751d-490a-894a-3ce6f1109419': 'Azure Service Bus Data Owner',
    '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39': 'Azure Service Bus Data Sender',
    'a638d3c7-ab3a-418d-83e6-5f17a39d4fde': 'Azure Event Hubs Data Receiver',
    'd5a91429-5739-47e2-a06b-3470a27159e7': 'EventGrid Data Sender',
    '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  };
  /** Whose principal id an output of a module is. */
  const principals: Record<string, string> = {
    hostPrincipalId: 'id-backstamp',
    flowPrincipalId: 'id-backstamp-flow',
    principalId: 'evgt-backstamp',
  };
  const lastPart = (path: string): string => path.split('/').at(-1) ?? '';

  /** `who: role on what`, without the ending that makes names unique. */
  const assignments = (resources: readonly PredictedResource[]): string[] =>
    ofType(resources, 'Microsoft.Authorization/roleAssignments').map(({ id, properties }) => {
      // The name follows from the principal, so the id is not evaluated: its first word is what the role is on.
      const scope = lastPart(/^\[extensionResourceId\('([^']+)'/.exec(id)?.[1] ?? '');
      const who = principals[/outputs\.(\w+)\.value/.exec(String(properties.principalId))?.[1] ?? ''];
      const withoutToken = (name: string): string => name.replace(/-?[a-z0-9]{13}$/, '');
      const role = roleNames[lastPart(String(properties.roleDefinitionId))];
      expect(properties.principalType).toBe('ServicePrincipal');
      return `${who}: ${role} on ${withoutToken(scope)}`;
    });

  const ofApp = [
    'id-backstamp: Storage Blob Data Owner on stbackstamp',
    'id-backstamp: Storage Table Data Contributor on stbackstamp',
    'id-backstamp: Azure Service Bus Data Owner on unification-events',
    'id-backstamp: Azure Service Bus Data Owner on link-tasks',
    'id-backstamp: Azure Service Bus Data Sender on linking-events',
    'id-backstamp: Monitoring Metrics Publisher on appi-backstamp',
  ];

  it('are the least that the app needs, and none for an identity that only writes to Dataverse', () => {
    expect(assignments(plainResources).toSorted()).toEqual(ofApp.toSorted());
  });

  it('grow by those of each open door', () => {
    expect(assignments(allResources).toSorted()).toEqual(
      [
        ...ofApp,
        'id-backstamp: Azure Event Hubs Data Receiver on insight-logs-operational',
        'evgt-backstamp: Azure Service Bus Data Sender on unification-events',
        'evgt-backstamp: Storage Blob Data Contributor on undeliverable-events',
        'id-backstamp-flow: EventGrid Data Sender on evgt-backstamp',
      ].toSorted(),
    );
  });
});

describe('secrets', () => {
  it('are nowhere: no key is listed, no connection string made, no secure parameter taken', () => {
    for (const resources of [plainResources, allResources]) {
      const text = JSON.stringify(resources);

      expect(text).not.toMatch(/list(Keys|Secrets|ConnectionStrings|AccountSas|ServiceSas|CallbackUrl)/i);
      expect(text).not.toMatch(/AccountKey=|SharedAccessKey|SharedAccessSignature|[?&]code=|password/i);
    }
  });

  it('are refused by everything that could take one', () => {
    const localAuth = (type: string): unknown[] =>
      ofType(allResources, type).map(({ properties }) => properties.disableLocalAuth ?? properties.DisableLocalAuth);

    expect(onlyOne(allResources, 'Microsoft.Storage/storageAccounts').properties.allowSharedKeyAccess).toBe(false);
    expect(localAuth('Microsoft.ServiceBus/namespaces')).toEqual([true]);
    expect(localAuth('Microsoft.EventHub/namespaces')).toEqual([true]);
    expect(localAuth('Microsoft.EventGrid/topics')).toEqual([true]);
    expect(localAuth('Microsoft.Insights/components')).toEqual([true]);
    const publishing = ofType(allResources, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(publishing.map(({ properties }) => properties.allow)).toEqual([false, false]);
  });
});
