// Everything the app's identity may do in Azure, on one page. What it may do in Dataverse is a security role there.

import { builtInRoles } from 'built-in-roles.bicep'
import { applicationInsightsName, entityNames, hostIdentityName, serviceBusName, storageAccountName } from 'names.bicep'

@description('Ending that makes names unique.')
param resourceToken string

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostIdentityName(resourceToken)
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName(resourceToken)
}

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: serviceBusName(resourceToken)

  resource events 'queues' existing = {
    name: entityNames.unificationEvents
  }

  resource tasks 'queues' existing = {
    name: entityNames.linkTasks
  }

  resource outcome 'topics' existing = {
    name: entityNames.linkingEvents
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName(resourceToken)
}

// The host keeps its leases and function keys in blobs and fetches the package from there; it asks for Owner.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, host.id, builtInRoles.storageBlobDataOwner)
  scope: account
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.storageBlobDataOwner
    )
  }
}

// Runs, tasks, watermarks and pending rows. The program creates its tables itself, hence the account as scope.
resource stateTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, host.id, builtInRoles.storageTableDataContributor)
  scope: account
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.storageTableDataContributor
    )
  }
}

// Receiving, not Manage: the scaler then looks at the queue's head instead of counting, which is enough for one
// message per run and one per table.
resource receiveEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::events.id, host.id, builtInRoles.serviceBusDataReceiver)
  scope: namespace::events
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataReceiver
    )
  }
}

resource receiveTasks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::tasks.id, host.id, builtInRoles.serviceBusDataReceiver)
  scope: namespace::tasks
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataReceiver
    )
  }
}

// The HTTP door and an operator's request put events on the queue.
resource sendEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::events.id, host.id, builtInRoles.serviceBusDataSender)
  scope: namespace::events
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataSender
    )
  }
}

// One message per table, and the continuation of a pass.
resource sendTasks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::tasks.id, host.id, builtInRoles.serviceBusDataSender)
  scope: namespace::tasks
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataSender
    )
  }
}

resource sendOutcome 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::outcome.id, host.id, builtInRoles.serviceBusDataSender)
  scope: namespace::outcome
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataSender
    )
  }
}

resource publishTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, host.id, builtInRoles.monitoringMetricsPublisher)
  scope: applicationInsights
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.monitoringMetricsPublisher
    )
  }
}
