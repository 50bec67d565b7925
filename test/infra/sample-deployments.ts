/** Parameter files that the tests of the deployment predict resources from. */
import { z } from 'zod';
import { settingsSchema } from '../../shared/settings.ts';
import { dataverseUrl } from './bicep-compiler.ts';

/** Settings that follow from other parameters of the template. */
export const ownParameters = ['BACKSTAMP_UNIFICATION', 'BACKSTAMP_DATAVERSE_CLIENT_IDS'];

const installation = (environmentName: string, settings: string): string => `
param environmentName = '${environmentName}'
param location = 'westeurope'
param unification = {
  environmentKind: 'individual'
  output: 'dataverse'
  tables: [
    { table: 'contact', dataSource: 'Sales', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' }
  ]
}
param settings = {
  dataverseUrl: '${dataverseUrl}'
${settings}
}`;

/** What an administrator has to give, and nothing more. */
export const plain = installation('test', '');
/** The same for another environment. */
export const second = installation('production', '');
/** What an administrator gives that the types take and the template does not. */
export const withSettings = (settings: string): string => installation('test', settings);

const flowTrigger = `{
  type: 'ApiConnectionWebhook'
  inputs: { host: { connection: { name: '@parameters(\\'$connections\\')[\\'customerinsights\\'][\\'connectionId\\']' } }, path: '/trigger' }
}`;
const subscription = '/subscriptions/22222222-2222-2222-2222-222222222222';
export const existingWorkspace = `${subscription}/resourceGroups/shared/providers/Microsoft.OperationalInsights/workspaces/logs`;
export const existingGroup = `${subscription}/resourceGroups/shared/providers/Microsoft.Insights/actionGroups/night-watch`;
export const existingZone = `${subscription}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.servicebus.windows.net`;
const existingSubnets = `${subscription}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets`;

/** Options that are no numbers, or whose least value would say nothing. */
const telling: Readonly<Record<string, string>> = {
  BACKSTAMP_SLICE_SECONDS: '120',
  BACKSTAMP_BYPASS: "'customSync,flows'",
  BACKSTAMP_READ_ONLY: 'true',
  OTEL_EXPORTER_OTLP_ENDPOINT: "'https://otel.contoso.com'",
  OTEL_EXPORTER_OTLP_HEADERS: "'@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/otlp)'",
};

/** Every option of the program, as Bicep writes it; a number is the least that it may be. */
const allOptions = Object.entries({
  ...(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }).properties ?? {}),
  OTEL_EXPORTER_OTLP_HEADERS: {},
})
  .filter(([name]) => /^(BACKSTAMP|OTEL)_/.test(name) && !ownParameters.includes(name))
  .map(([name, schema]) => `${name}: ${telling[name] ?? (schema as { minimum?: number }).minimum}`);

/** Every option, every door, a network of its own. */
export const everything = `${installation(
  'test',
  `
  writerCount: 3
  network: { kind: 'own', addressPrefix: '10.20.0.0/24' }
  maximumInstanceCount: 50
  alerts: { emails: ['oncall@contoso.com'], webhooks: ['teams'], actionGroupIds: ['${existingGroup}'] }
  doors: { eventGrid: true, flowTrigger: ${flowTrigger}, diagnosticLog: true }
  signIn: { clientId: '33333333-3333-4333-8333-333333333333' }
  deleteLock: true
  platformLogs: true
  zoneRedundantApp: true
  tags: { 'cost-center': 'crm' }
  options: {
    ${allOptions.join('\n    ')}
  }`,
)}
param alertWebhooks = { teams: 'https://contoso.example/workflows/1' }`;

/** In subnets of the company's, closed to the public, with a workspace and a zone that are there already. */
export const isolated = installation(
  'test',
  `
  network: {
    kind: 'existing'
    appSubnetId: '${existingSubnets}/backstamp'
    endpointSubnetId: '${existingSubnets}/endpoints'
    isolated: true
    dns: { zoneIds: { 'privatelink.servicebus.windows.net': '${existingZone}' } }
  }
  workspaceId: '${existingWorkspace}'
  zoneRedundantStorage: false
  doors: { eventGrid: true, diagnosticLog: true }`,
);
