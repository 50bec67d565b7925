// Backstamp in a subscription: one resource group, no secret anywhere.
//   azd up
//   az deployment sub create --location <region> --template-file infra/main.bicep --parameters infra/main.bicepparam

targetScope = 'subscription'

import { webhookAddresses } from 'modules/alert-settings.bicep'
import { installation } from 'modules/installation.bicep'
import { regionsWithZones } from 'modules/regions.bicep'
import { unificationSetup } from 'modules/unification-setup.bicep'

@description('Name of this installation; part of the resource group\'s name and of every other name. There is no default: a name that was not given would be another installation\'s.')
@minLength(1)
@maxLength(40)
param environmentName string

// Where Flex Consumption was offered in 2026. Another region is added here.
@description('Region of all resources. It cannot be changed later: another region is another installation.')
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
param location string

@description('What differs between installations.')
param settings installation

@description('Which tables are unified, and how; Customer Insights has no interface to tell.')
param unification unificationSetup

@description('Addresses of the webhooks that settings.alerts names. An address may hold a key, such as that of a workflow in Teams.')
param alertWebhooks webhookAddresses = {}

var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var tags = union(settings.?tags ?? {}, { 'azd-env-name': environmentName })
var hasFlow = settings.?doors.?flowTrigger != null
var isIsolated = settings.?network.?isolated ?? false

// What fits no type: said before anything is made.
var faults = union(
  hasFlow && !(settings.?doors.?eventGrid ?? false)
    ? ['doors.flowTrigger needs doors.eventGrid: true, since the flow posts its events there.']
    : [],
  hasFlow && isIsolated
    ? ['doors.flowTrigger and network.isolated exclude each other: the flow runs outside the network.']
    : [],
  (settings.?zoneRedundantApp ?? false) && !(settings.?zoneRedundantStorage ?? contains(regionsWithZones, location))
    ? ['zoneRedundantApp needs zone-redundant storage.']
    : []
)
var sound = empty(faults) ? settings : fail('settings.json: ${join(faults, ' ')}')

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-backstamp-${environmentName}'
  location: location
  // What this installation belongs to: seen before a deployment would change it (infra/scripts/what-if.ts).
  tags: union(tags, { 'backstamp-organisation': sound.dataverseUrl })
}

module backstamp 'modules/backstamp.bicep' = {
  scope: group
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    settings: sound
    unification: unification
    alertWebhooks: alertWebhooks
    zoneRedundantStorage: sound.?zoneRedundantStorage ?? contains(regionsWithZones, location)
  }
}

@description('Client ids to enter as application users of the Dataverse organisation.')
output DATAVERSE_CLIENT_IDS string[] = backstamp.outputs.dataverseClientIds

@description('Resource group that holds everything.')
output RESOURCE_GROUP string = group.name

@description('Name of the function app, to deploy the package to.')
output APP_NAME string = backstamp.outputs.appName

@description('Root address of the app.')
output APP_ENDPOINT string = backstamp.outputs.endpoint

@description('Where a unification event is posted to, with the key of the function receive-unification-event.')
output EVENT_ENDPOINT string = '${backstamp.outputs.endpoint}/api/unification-events'

@description('Where the state of every table is told, with a key of the app, or to who signed in.')
output STATUS_ENDPOINT string = '${backstamp.outputs.endpoint}/api/status'

@description('Where CloudEvents are posted to with the role EventGrid Data Sender; empty where that door is shut.')
output EVENT_GRID_ENDPOINT string = backstamp.outputs.eventGridEndpoint

@description('Connection that an administrator of Customer Insights has to authorise; empty where there is no flow.')
output FLOW_CONNECTION string = backstamp.outputs.flowConnection

@description('Event Hubs namespace to choose in Customer Insights under Diagnostic; empty where that door is shut.')
output DIAGNOSTIC_LOG_NAMESPACE string = backstamp.outputs.diagnosticLogNamespace

@description('The workbook in the Azure portal.')
output WORKBOOK string = backstamp.outputs.workbookAddress
