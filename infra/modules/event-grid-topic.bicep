// The Event Grid door, first half: a topic that takes CloudEvents from whoever may send, and a container for what it
// cannot deliver. Azure Verified Module: avm/res/event-grid/topic.

import { eventGridTopicName, storageAccountName, undeliverableEvents } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the topic.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Whether events are taken from the network alone.')
param isIsolated bool

@description('Workspace that is told of failed deliveries.')
param workspaceId string

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  name: '${storageAccountName(resourceToken)}/default'
}

resource undeliverable 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: undeliverableEvents
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: eventGridTopicName(resourceToken)
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: isIsolated ? 'Disabled' : 'Enabled'
  }
}

// Preview by name only: it has been the newest for years, and the released one cannot do without a storage account.
#disable-next-line use-recent-api-versions
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'backstamp'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'DeliveryFailures', enabled: true }
      { category: 'PublishFailures', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Principal id of the topic\'s own identity.')
output principalId string = topic.identity.principalId

@description('Address that CloudEvents are posted to; whoever posts needs the role EventGrid Data Sender on the topic.')
output endpoint string = topic.properties.endpoint
