// The diagnostic log door: an event hub that Customer Insights exports its operational log to, and the app's right to
// read it. Azure Verified Module: avm/res/event-hub/namespace.

import { builtInRoles } from 'built-in-roles.bicep'
import { eventHubsName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the namespace.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Principal id of the identity that hosts the app.')
param hostPrincipalId string

@description('Workspace that is told who managed the namespace, and how many events came in.')
param workspaceId string

// It stays public where all else is closed: Customer Insights writes to it from outside any network of yours.
resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' = {
  name: eventHubsName(resourceToken)
  location: location
  tags: tags
  // Standard, for a consumer group of our own.
  sku: { name: 'Standard', tier: 'Standard', capacity: 1 }
  // Customer Insights writes by its own identity (Azure Event Hubs Data Owner), the app reads by its own.
  properties: { disableLocalAuth: true, minimumTlsVersion: '1.2' }

  resource operationalLog 'eventhubs' = {
    // The name under which Customer Insights exports its operational log.
    name: 'insight-logs-operational'
    // A week's retention: a stopped app still finds every completed run when it is back.
    properties: { partitionCount: 1, retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 168 } }

    resource consumerGroup 'consumergroups' = {
      name: 'backstamp'
    }
  }
}

resource readLog 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::operationalLog.id, hostPrincipalId, builtInRoles.eventHubsDataReceiver)
  scope: namespace::operationalLog
  properties: {
    principalId: hostPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.eventHubsDataReceiver
    )
  }
}

// Preview by name only: it has been the newest for years, and the released one cannot do without a storage account.
#disable-next-line use-recent-api-versions
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'backstamp'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'OperationalLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the namespace to choose in Customer Insights under Settings > System > Diagnostic.')
output namespaceName string = namespace.name
