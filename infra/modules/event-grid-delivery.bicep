// The Event Grid door, second half: a subscription that puts each Backstamp.UnificationCompleted event on queue
// unification-events by the topic's own identity, and the roles that it takes. Event Grid uses an id of its own as
// message id; the event's id makes it one run, however often it is delivered.

import { builtInRoles } from 'built-in-roles.bicep'
import { entityNames, eventGridTopicName, serviceBusName, storageAccountName, undeliverableEvents } from 'names.bicep'

@description('Ending that makes names unique.')
param resourceToken string

@description('Whether Service Bus is in a network.')
param isPrivate bool

@description('Principal id of the topic\'s own identity.')
param topicPrincipalId string

@description('Whether a flow posts to the topic.')
param hasFlow bool

@description('Principal id of the flow\'s identity; empty where there is no flow.')
param flowPrincipalId string

resource queue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' existing = {
  name: '${serviceBusName(resourceToken, isPrivate)}/${entityNames.unificationEvents}'
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName(resourceToken)

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource undeliverable 'containers' existing = {
      name: undeliverableEvents
    }
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: eventGridTopicName(resourceToken)
}

resource deliver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, topicPrincipalId, builtInRoles.serviceBusDataSender)
  scope: queue
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.serviceBusDataSender
    )
  }
}

resource keepUndeliverable 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::undeliverable.id, topicPrincipalId, builtInRoles.storageBlobDataContributor)
  scope: account::blobs::undeliverable
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.storageBlobDataContributor
    )
  }
}

resource post 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasFlow) {
  name: guid(topic.id, flowPrincipalId, builtInRoles.eventGridDataSender)
  scope: topic
  properties: {
    principalId: flowPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.eventGridDataSender
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
        properties: { resourceId: account.id, blobContainerName: undeliverableEvents }
      }
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
  }
  // Event Grid tries the queue when the subscription is made: the topic must be allowed in before.
  dependsOn: [deliver, keepUndeliverable]
}
