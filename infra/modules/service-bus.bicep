// Namespace, queues and topic. Local authentication is off: only managed identities get in.
// Azure Verified Module: avm/res/service-bus/namespace.

import { entityNames, serviceBusName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the namespace.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Whether the namespace is reached through a private endpoint only; that needs the Premium tier.')
param isPrivate bool

@description('Workspace that is told who managed the namespace, what failed in it, and how many messages wait.')
param workspaceId string

// What all entities share, and share with local/service-bus/Config.json. Sessions and duplicate detection are for good: a
// queue that exists takes no other value, and infra/scripts/what-if.ts stops before Azure does. The window is the longest that Microsoft's
// emulator takes; it only has to outlast a sender's own retries, since every message is safe to handle twice.
var duplicateWindow = 'PT5M'
// A lock is renewed while a message is being handled; one minute is how long a dead worker's message stays hidden.
var lock = 'PT1M'
var deliveries = 10
// The emulator allows one hour at most. In Azure a message has to outlive an outage, a holiday or a stopped app.
var timeToLive = 'P14D'

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: serviceBusName(resourceToken, isPrivate)
  location: location
  tags: tags
  // Standard has everything the program uses: sessions, duplicate detection, scheduled messages, topics.
  sku: isPrivate ? { name: 'Premium', tier: 'Premium', capacity: 1 } : { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

// Lets Event Grid, a trusted service with an identity of its own, reach the queue where everything else is private.
resource networkRules 'Microsoft.ServiceBus/namespaces/networkRuleSets@2026-01-01' = if (isPrivate) {
  parent: namespace
  name: 'default'
  properties: { defaultAction: 'Deny', publicNetworkAccess: 'Disabled', trustedServiceAccessEnabled: true }
}

// Without sessions: Event Grid cannot deliver to a queue that has them.
resource unificationEvents 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = {
  parent: namespace
  name: entityNames.unificationEvents
  properties: {
    requiresSession: false
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: duplicateWindow
    lockDuration: lock
    maxDeliveryCount: deliveries
    defaultMessageTimeToLive: timeToLive
    deadLetteringOnMessageExpiration: true
  }
}

// With sessions: the session is the table, so one writer at a time works on each table.
resource linkTasks 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = {
  parent: namespace
  name: entityNames.linkTasks
  properties: {
    requiresSession: true
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: duplicateWindow
    lockDuration: lock
    maxDeliveryCount: deliveries
    defaultMessageTimeToLive: timeToLive
    deadLetteringOnMessageExpiration: true
  }
}

resource linkingEvents 'Microsoft.ServiceBus/namespaces/topics@2026-01-01' = {
  parent: namespace
  name: entityNames.linkingEvents
  properties: {
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: duplicateWindow
    defaultMessageTimeToLive: timeToLive
  }
}

resource allLinkingEvents 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2026-01-01' = {
  parent: linkingEvents
  name: 'all'
  properties: {
    requiresSession: false
    lockDuration: lock
    maxDeliveryCount: deliveries
    defaultMessageTimeToLive: timeToLive
    deadLetteringOnMessageExpiration: true
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

@description('Resource id of the namespace.')
output namespaceId string = namespace.id

@description('Address by which the program reaches the namespace.')
output fullyQualifiedNamespace string = '${namespace.name}.servicebus.windows.net'
