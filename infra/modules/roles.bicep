// Everything the app's identity may do in Azure, on one page. What it may do in Dataverse is a security role there.
// An assignment is named after the principal and not after the identity's resource: an identity that was deleted and
// made anew is another principal, and an assignment's principal cannot be changed.

import { builtInRoles } from 'built-in-roles.bicep'
import { applicationInsightsName, entityNames, serviceBusName, storageAccountName } from 'names.bicep'

@description('Ending that makes names unique.')
param resourceToken string

@description('Whether Service Bus is in a network.')
param isPrivate bool

@description('Principal id of the identity that hosts the app.')
param hostPrincipalId string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName(resourceToken)
}

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: serviceBusName(resourceToken, isPrivate)

  resource outcome 'topics' existing = {
    name: entityNames.linkingEvents
  }
}

var receivedQueues = [entityNames.unificationEvents, entityNames.linkTasks]

resource queues 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' existing = [
  for name in receivedQueues: {
    parent: namespace
    name: name
  }
]

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName(resourceToken)
}

// Owner in blobs: the host keeps its leases and function keys there, fetches the package, and asks for that role.
// Contributor in tables: runs, tasks, watermarks and pending rows; the program creates its tables itself, hence the
// account as scope.
resource inStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [builtInRoles.storageBlobDataOwner, builtInRoles.storageTableDataContributor]: {
    name: guid(account.id, hostPrincipalId, role)
    scope: account
    properties: {
      principalId: hostPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

// Owner of the two queues, and of nothing else in the namespace: receiving, sending and Manage. The scale controller
// acts as this identity too, and with Manage it reads how many messages wait and asks for as many instances as they
// need. Without, it peeks at the head of the queue: a message at work still counts as waiting, so a slice of some
// minutes votes for one more instance again and again; and ten scheduled follow-ups at the head hide an active
// message, so an app that sleeps may go on sleeping.
resource ofQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in receivedQueues: {
    name: guid(queues[index].id, hostPrincipalId, builtInRoles.serviceBusDataOwner)
    scope: queues[index]
    properties: {
      principalId: hostPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        builtInRoles.serviceBusDataOwner
      )
    }
  }
]

resource sendOutcome 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::outcome.id, hostPrincipalId, builtInRoles.serviceBusDataSender)
  scope: namespace::outcome
  properties: {
    principalId: hostPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataSender
    )
  }
}

resource publishTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, hostPrincipalId, builtInRoles.monitoringMetricsPublisher)
  scope: applicationInsights
  properties: {
    principalId: hostPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.monitoringMetricsPublisher
    )
  }
}
