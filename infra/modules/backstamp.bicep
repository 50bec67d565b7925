// Everything in Backstamp's resource group; main.bicep makes the group and says what each parameter is for.

import { linkingOptions } from 'linking-options.bicep'
import { unificationSetup } from 'unification-setup.bicep'
import { alertThresholds } from 'alert-thresholds.bicep'
import { openDoors } from 'open-doors.bicep'

@description('Region of all resources.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Root address of the Dataverse organisation.')
param dataverseUrl string

@description('The unification set-up.')
param unification unificationSetup

@description('Optional app settings.')
param options linkingOptions

@description('How many identities to create for writing, beside the app\'s own.')
param writerCount int

@description('Ways in for unification events, beside the HTTP door.')
param doors openDoors

@description('Address range of a network of the app\'s own; empty for none.')
param networkAddressPrefix string

@description('Most instances that the app may scale out to.')
param maximumInstanceCount int

@description('Who gets a mail when an alert fires.')
param alertEmails string[]

@description('When the alerts fire.')
param thresholds alertThresholds

var isPrivate = !empty(networkAddressPrefix)
// The service's name in azure.yaml.
var serviceName = 'app'

module identities 'identities.bicep' = {
  params: { location: location, resourceToken: resourceToken, writerCount: writerCount }
}

module monitoring 'monitoring.bicep' = {
  params: { location: location, resourceToken: resourceToken }
}

module storage 'storage.bicep' = {
  params: { location: location, resourceToken: resourceToken, isPrivate: isPrivate }
}

module serviceBus 'service-bus.bicep' = {
  params: { location: location, resourceToken: resourceToken, isPrivate: isPrivate }
}

module network 'network.bicep' = if (isPrivate) {
  params: { location: location, resourceToken: resourceToken, addressPrefix: networkAddressPrefix }
}

module blobEndpoint 'private-endpoint.bicep' = if (isPrivate) {
  params: {
    location: location
    resourceToken: resourceToken
    targetId: storage.outputs.accountId
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointSubnetId
  }
}

module tableEndpoint 'private-endpoint.bicep' = if (isPrivate) {
  params: {
    location: location
    resourceToken: resourceToken
    targetId: storage.outputs.accountId
    groupId: 'table'
    zoneName: 'privatelink.table.${environment().suffixes.storage}'
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointSubnetId
  }
}

module serviceBusEndpoint 'private-endpoint.bicep' = if (isPrivate) {
  params: {
    location: location
    resourceToken: resourceToken
    targetId: serviceBus.outputs.namespaceId
    groupId: 'namespace'
    zoneName: 'privatelink.servicebus.windows.net'
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointSubnetId
  }
}

module roles 'roles.bicep' = {
  params: { resourceToken: resourceToken }
  dependsOn: [identities, monitoring, storage, serviceBus]
}

module eventGridDoor 'event-grid-door.bicep' = if (doors.eventGrid) {
  params: { location: location, resourceToken: resourceToken }
  dependsOn: [storage, serviceBus]
}

module flow 'flow.bicep' = if (doors.eventGrid && !empty(doors.flowTrigger)) {
  params: { location: location, resourceToken: resourceToken, triggerJson: doors.flowTrigger }
  dependsOn: [eventGridDoor]
}

module diagnosticLogDoor 'diagnostic-log-door.bicep' = if (doors.diagnosticLog) {
  params: { location: location, resourceToken: resourceToken }
  dependsOn: [identities]
}

module functionApp 'function-app.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    serviceName: serviceName
    hostIdentityId: identities.outputs.hostId
    hostClientId: identities.outputs.hostClientId
    writerIdentityIds: identities.outputs.writerIds
    writerClientIds: identities.outputs.writerClientIds
    blobEndpoint: storage.outputs.blobEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    packageContainer: storage.outputs.packageContainer
    serviceBusNamespace: serviceBus.outputs.fullyQualifiedNamespace
    readsDiagnosticLog: doors.diagnosticLog
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    dataverseUrl: dataverseUrl
    unification: unification
    options: options
    maximumInstanceCount: maximumInstanceCount
    subnetId: isPrivate ? network!.outputs.appSubnetId : ''
  }
  // The host reads what it is connected to as soon as it starts; without its roles it would stay down until
  // its next try.
  dependsOn: [roles, diagnosticLogDoor, blobEndpoint, tableEndpoint, serviceBusEndpoint]
}

module alerts 'alerts.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    workspaceId: monitoring.outputs.workspaceId
    serviceBusNamespaceId: serviceBus.outputs.namespaceId
    emails: alertEmails
    thresholds: thresholds
  }
}

module workbook 'workbook.bicep' = {
  params: { location: location, workspaceId: monitoring.outputs.workspaceId }
}

@description('Client ids to enter as application users of the Dataverse organisation.')
output dataverseClientIds string[] = concat([identities.outputs.hostClientId], identities.outputs.writerClientIds)

@description('Name of the function app.')
output appName string = functionApp.outputs.appName

@description('Root address of the app.')
output endpoint string = functionApp.outputs.endpoint

@description('Address that CloudEvents are posted to; empty where the Event Grid door is shut.')
output eventGridEndpoint string = doors.eventGrid ? eventGridDoor!.outputs.endpoint : ''

@description('Connection to authorise in the portal; empty where there is no flow.')
output flowConnection string = doors.eventGrid && !empty(doors.flowTrigger) ? flow!.outputs.connectionName : ''

@description('Event Hubs namespace to choose in Customer Insights; empty where the diagnostic log door is shut.')
output diagnosticLogNamespace string = doors.diagnosticLog ? diagnosticLogDoor!.outputs.namespaceName : ''

@description('Resource id of the workbook.')
output workbookId string = workbook.outputs.workbookId
