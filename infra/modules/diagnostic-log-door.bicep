// The diagnostic log door: an event hub that Customer Insights exports its operational log to, and the app's right to
// read it. Azure Verified Module: avm/res/event-hub/namespace.

import { builtInRoles } from 'built-in-roles.bicep'
import { eventHubsName, hostIdentityName } from 'names.bicep'

@description('Region of the namespace.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostIdentityName(resourceToken)
}

resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' = {
  name: eventHubsName(resourceToken)
  location: location
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
  name: guid(namespace::operationalLog.id, host.id, builtInRoles.eventHubsDataReceiver)
  scope: namespace::operationalLog
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.eventHubsDataReceiver
    )
  }
}

@description('Name of the namespace to choose in Customer Insights under Settings > System > Diagnostic.')
output namespaceName string = namespace.name
