/** Parameter files that the tests of the deployment predict resources from. */
import { dataverseUrl } from './bicep-compiler.ts';

/** What an administrator has to give, and nothing more. */
export const plain = `
param environmentName = 'test'
param dataverseUrl = '${dataverseUrl}'
param unification = {
  environmentKind: 'individual'
  output: 'dataverse'
  tables: [
    { table: 'contact', dataSource: 'Sales', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' }
  ]
}`;

/** Every option, every door, a network of its own. */
export const everything = `${plain}
param writerCount = 3
param networkAddressPrefix = '10.20.0.0/24'
param maximumInstanceCount = 50
param alertEmails = ['oncall@contoso.com']
param doors = {
  eventGrid: true
  flowTrigger: '{"type":"ApiConnectionWebhook","inputs":{"host":{"connection":{"name":"@parameters(\\'$connections\\')[\\'customerinsights\\'][\\'connectionId\\']"}},"path":"/trigger"}}'
  diagnosticLog: true
}
param options = {
  BACKSTAMP_SLICE_SECONDS: 120
  BACKSTAMP_PAGE_SIZE: 1000
  BACKSTAMP_SETTLING_INTERVAL_SECONDS: 600
  BACKSTAMP_SETTLING_LIMIT_SECONDS: 7200
  BACKSTAMP_ORPHAN_INTERVAL_DAYS: 14
  BACKSTAMP_ORPHAN_LIMIT_PERCENT: 2
  BACKSTAMP_RETENTION_DAYS: 30
  BACKSTAMP_BYPASS: 'customSync,flows'
  BACKSTAMP_MAX_CONCURRENCY: 20
  BACKSTAMP_FREE_BUDGET_PERCENT: 50
}`;
