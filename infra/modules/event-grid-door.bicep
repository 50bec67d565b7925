// The Event Grid door: a topic that takes CloudEvents from whoever may send, and a subscription that puts each
// Backstamp.UnificationCompleted event on queue unification-events by the topic's own identity. Event Grid uses the
// event's id as message id, also when it delivers again, so the queue's duplicate detection works.
// Azure Verified Module: avm/res/event-grid/topic.

import { builtInRoles } from 'built-in-roles.bicep'
import { entityNames, eventGridTopicName, serviceBusName, storageAccountName } from 'names.bicep'

@description('Region of the topic.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

resource queue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' existing = {
  name: '${serviceBusName(resourceToken)}/${entityNames.unificationEvents}'
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName(resourceToken)

  resource blobs 'blobServices' existing = {
    name: 'default'
  }
}

resource undeliverable 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: account::blobs
  name: 'undeliverable-events'
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: eventGridTopicName(resourceToken)
  location: location
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource deliver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, topic.id, builtInRoles.serviceBusDataSender)
  scope: queue
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataSender
    )
  }
}

resource keepUndeliverable 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(undeliverable.id, topic.id, builtInRoles.storageBlobDataContributor)
  scope: undeliverable
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.storageBlobDataContributor
    )
  }
}

resource toQueue 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'to-unification-events'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: { includedEventTypes: ['Backstamp.UnificationCompleted'] }
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: { endpointType: 'ServiceBusQueue', properties: { resourceId: queue.id } }
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: account.id, blobContainerName: undeliverable.name }
      }
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
  }
  // Event Grid tries the queue when the subscription is made: the topic must be allowed in before.
  dependsOn: [deliver, keepUndeliverable]
}

@description('Address that CloudEvents are posted to; whoever posts needs the role EventGrid Data Sender on the topic.')
output endpoint string = topic.properties.endpoint
