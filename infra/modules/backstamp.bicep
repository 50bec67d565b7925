// Everything in Backstamp's resource group; main.bicep makes the group and says what each parameter is for.

import { webhookAddresses } from 'alert-settings.bicep'
import { installation } from 'installation.bicep'
import { appName, serviceBusName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'
import { unificationSetup } from 'unification-setup.bicep'

@description('Region of all resources.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('What differs between installations.')
param settings installation

@description('The unification set-up.')
param unification unificationSetup

@description('Addresses of the webhooks of alerts by name.')
param alertWebhooks webhookAddresses

@description('Whether storage is kept in three zones.')
param zoneRedundantStorage bool

var network = settings.?network
var isPrivate = network != null
var isIsolated = network.?isolated ?? false
var hasEventGrid = settings.?doors.?eventGrid ?? false
var hasDiagnosticLog = settings.?doors.?diagnosticLog ?? false
var flowTrigger = settings.?doors.?flowTrigger
var hasFlow = flowTrigger != null
// The service's name in azure.yaml.
var serviceName = 'app'

module identities 'identities.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    writerCount: settings.?writerCount ?? 0
    hasFlow: hasFlow
  }
}

module monitoring 'monitoring.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    existingWorkspaceId: settings.?workspaceId ?? ''
    isIsolated: isIsolated
  }
}

module storage 'storage.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    isPrivate: isPrivate
    isZoneRedundant: zoneRedundantStorage
    isLocked: settings.?deleteLock ?? false
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'service-bus.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    isPrivate: isPrivate
    workspaceId: monitoring.outputs.workspaceId
  }
}

module ownNetwork 'network.bicep' = if (network.?kind == 'own') {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    addressPrefix: network.?addressPrefix ?? ''
  }
}

module monitorScope 'monitor-scope.bicep' = if (isIsolated) {
  params: {
    resourceToken: resourceToken
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    applicationInsightsId: monitoring.outputs.applicationInsightsId
  }
}

var endpointSubnetId = network.?kind == 'own' ? ownNetwork!.outputs.endpointSubnetId : network.?endpointSubnetId ?? ''

module privateEndpoints 'private-endpoints.bicep' = if (isPrivate) {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    subnetId: endpointSubnetId
    dns: network.?dns ?? {}
    of: 'needs'
    withTelemetry: isIsolated
    withTopic: isIsolated && hasEventGrid
  }
  dependsOn: [storage, serviceBus, eventGridTopic, monitorScope]
}

module appEndpoint 'private-endpoints.bicep' = if (isIsolated) {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    subnetId: endpointSubnetId
    dns: network.?dns ?? {}
    of: 'app'
    withTelemetry: false
    withTopic: false
  }
  dependsOn: [functionApp]
}

module roles 'roles.bicep' = {
  params: {
    resourceToken: resourceToken
    isPrivate: isPrivate
    // Names of assignments follow from it (roles.bicep says why), so a what-if cannot foretell them before it exists.
    #disable-next-line what-if-short-circuiting
    hostPrincipalId: identities.outputs.hostPrincipalId
  }
  dependsOn: [monitoring, storage, serviceBus]
}

module eventGridTopic 'event-grid-topic.bicep' = if (hasEventGrid) {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    isIsolated: isIsolated
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [storage]
}

module eventGridDelivery 'event-grid-delivery.bicep' = if (hasEventGrid) {
  params: {
    resourceToken: resourceToken
    isPrivate: isPrivate
    // See hostPrincipalId of roles.
    #disable-next-line what-if-short-circuiting
    topicPrincipalId: eventGridTopic!.outputs.principalId
    hasFlow: hasFlow
    // See hostPrincipalId of roles.
    #disable-next-line what-if-short-circuiting
    flowPrincipalId: identities.outputs.flowPrincipalId
  }
  dependsOn: [serviceBus]
}

module flow 'flow.bicep' = if (hasFlow) {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    trigger: flowTrigger!
    identityId: identities.outputs.flowId
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [eventGridDelivery]
}

module diagnosticLogDoor 'diagnostic-log-door.bicep' = if (hasDiagnosticLog) {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    // See hostPrincipalId of roles.
    #disable-next-line what-if-short-circuiting
    hostPrincipalId: identities.outputs.hostPrincipalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module functionApp 'function-app.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    serviceName: serviceName
    hostIdentityId: identities.outputs.hostId
    hostClientId: identities.outputs.hostClientId
    writerIdentityIds: identities.outputs.writerIds
    writerClientIds: identities.outputs.writerClientIds
    blobEndpoint: storage.outputs.blobEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    packageContainer: storage.outputs.packageContainer
    serviceBusNamespace: serviceBus.outputs.fullyQualifiedNamespace
    readsDiagnosticLog: hasDiagnosticLog
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    dataverseUrl: settings.dataverseUrl
    unification: unification
    options: settings.?options ?? {}
    maximumInstanceCount: settings.?maximumInstanceCount ?? 40
    isZoneRedundant: settings.?zoneRedundantApp ?? false
    isIsolated: isIsolated
    signIn: settings.?signIn
    keepsPlatformLogs: settings.?platformLogs ?? false
    workspaceId: monitoring.outputs.workspaceId
    subnetId: !isPrivate ? '' : network.?kind == 'own' ? ownNetwork!.outputs.appSubnetId : network.?appSubnetId ?? ''
  }
  // The host reads what it is connected to as soon as it starts; without its roles, or without a way there, it would
  // stay down until its next try.
  dependsOn: [roles, diagnosticLogDoor, privateEndpoints]
}

var workbookAddress = '${environment().portal}/#resource${workbook.outputs.workbookId}/workbook'

module alerts 'alerts.bicep' = {
  params: {
    location: location
    resourceToken: resourceToken
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    serviceBusNamespaceId: serviceBus.outputs.namespaceId
    settings: settings.?alerts ?? {}
    appName: appName(resourceToken)
    endpoint: functionApp.outputs.endpoint
    workbookAddress: workbookAddress
    webhooks: alertWebhooks
  }
}

module workbook 'workbook.bicep' = {
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    appName: appName(resourceToken)
    serviceBusName: serviceBusName(resourceToken, isPrivate)
  }
}

@description('Client ids to enter as application users of the Dataverse organisation.')
output dataverseClientIds string[] = concat([identities.outputs.hostClientId], identities.outputs.writerClientIds)

@description('Name of the function app.')
output appName string = functionApp.outputs.appName

@description('Root address of the app.')
output endpoint string = functionApp.outputs.endpoint

@description('Address that CloudEvents are posted to; empty where the Event Grid door is shut.')
output eventGridEndpoint string = hasEventGrid ? eventGridTopic!.outputs.endpoint : ''

@description('Connection to authorise in the portal; empty where there is no flow.')
output flowConnection string = hasFlow ? flow!.outputs.connectionName : ''

@description('Event Hubs namespace to choose in Customer Insights; empty where the diagnostic log door is shut.')
output diagnosticLogNamespace string = hasDiagnosticLog ? diagnosticLogDoor!.outputs.namespaceName : ''

@description('Address of the workbook in the portal.')
output workbookAddress string = workbookAddress
