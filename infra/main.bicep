// Backstamp in a subscription: one resource group, no secret anywhere.
//   azd up
//   az deployment sub create --location <region> --template-file infra/main.bicep --parameters infra/main.bicepparam

targetScope = 'subscription'

import { linkingOptions } from 'modules/linking-options.bicep'
import { unificationSetup } from 'modules/unification-setup.bicep'
import { alertThresholds } from 'modules/alert-thresholds.bicep'
import { openDoors } from 'modules/open-doors.bicep'

@description('Name of this installation; part of the resource group\'s name.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of all resources.')
param location string = deployment().location

@description('Root address of the Dataverse organisation, such as https://contoso.crm.dynamics.com.')
@minLength(9)
param dataverseUrl string

@description('Which tables are unified, and how; Customer Insights has no interface to tell.')
param unification unificationSetup

@description('App settings that differ from the program\'s defaults.')
param options linkingOptions = {}

@description('How many managed identities to create for writing, beside the app\'s own. Each has limits of its own in Dataverse, so writing gets faster with each.')
@minValue(0)
@maxValue(15)
param writerCount int = 0

@description('Ways in for unification events, beside the HTTP door.')
param doors openDoors = { eventGrid: false, flowTrigger: '', diagnosticLog: false }

@description('Address range, /24 at least, of a network of the app\'s own with private endpoints for storage and Service Bus (Premium then); empty for none.')
param networkAddressPrefix string = ''

@description('Most instances that the app may scale out to, for each function by itself.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Who gets a mail when an alert fires; none for alerts that only show in the portal.')
param alertEmails string[] = []

@description('When the alerts fire.')
param thresholds alertThresholds = {
  hoursWithoutEvent: 30
  watermarkAgeHours: 47
  runStalledHours: 8
  pendingRowsGrowth: 100
  throttledMinutesPercent: 25
}

var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-backstamp-${environmentName}'
  location: location
  tags: { 'azd-env-name': environmentName }
}

module backstamp 'modules/backstamp.bicep' = {
  scope: group
  params: {
    location: location
    resourceToken: resourceToken
    dataverseUrl: dataverseUrl
    unification: unification
    options: options
    writerCount: writerCount
    doors: doors
    networkAddressPrefix: networkAddressPrefix
    maximumInstanceCount: maximumInstanceCount
    alertEmails: alertEmails
    thresholds: thresholds
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

@description('Where a unification event is posted to, with a function key.')
output EVENT_ENDPOINT string = '${backstamp.outputs.endpoint}/api/unification-events'

@description('Where the state of every table is told, with a function key.')
output STATUS_ENDPOINT string = '${backstamp.outputs.endpoint}/api/status'

@description('Where CloudEvents are posted to with the role EventGrid Data Sender; empty where that door is shut.')
output EVENT_GRID_ENDPOINT string = backstamp.outputs.eventGridEndpoint

@description('Connection that an administrator of Customer Insights has to authorise; empty where there is no flow.')
output FLOW_CONNECTION string = backstamp.outputs.flowConnection

@description('Event Hubs namespace to choose in Customer Insights under Diagnostic; empty where that door is shut.')
output DIAGNOSTIC_LOG_NAMESPACE string = backstamp.outputs.diagnosticLogNamespace

@description('The workbook in the Azure portal.')
output WORKBOOK string = '${environment().portal}/#resource${backstamp.outputs.workbookId}/workbook'
