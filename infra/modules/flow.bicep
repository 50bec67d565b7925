// A Logic App that waits for the Customer Insights connector's trigger "a refresh of the unification process is
// completed" and posts a CloudEvent to the Event Grid topic, by an identity of its own. The connector's operation ids
// are not documented, so the trigger's definition is taken from the designer's code view (docs/doors.md).

import { eventGridTopicName } from 'names.bicep'
import { flowTrigger } from 'open-doors.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the Logic App.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('The trigger, as the designer shows it in code view.')
param trigger flowTrigger

@description('Resource id of the flow\'s identity, which may post to the topic.')
param identityId string

@description('Workspace that is told of the flow\'s runs.')
param workspaceId string

var connectorName = 'customerinsights'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: eventGridTopicName(resourceToken)
}

// Made without a sign-in: an administrator of Customer Insights authorises it once, in the portal.
resource connection 'Microsoft.Web/connections@2016-06-01' = {
  name: 'con-backstamp-${connectorName}-${resourceToken}'
  location: location
  tags: tags
  properties: {
    displayName: 'Customer Insights for Backstamp'
    api: { id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, connectorName) }
  }
}

resource flow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: 'logic-backstamp-${resourceToken}'
  location: location
  tags: tags
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      parameters: { '$connections': { type: 'Object', defaultValue: {} } }
      triggers: { unificationCompleted: trigger }
      actions: {
        postEvent: {
          type: 'Http'
          runAfter: {}
          inputs: {
            method: 'POST'
            uri: topic.properties.endpoint
            headers: { 'Content-Type': 'application/cloudevents+json; charset=utf-8' }
            body: {
              specversion: '1.0'
              // The flow's run name: the same for every try of this action, another for every completion.
              id: '@{workflow().run.name}'
              source: '@{workflow().id}'
              type: 'Backstamp.UnificationCompleted'
              time: '@{utcNow()}'
              datacontenttype: 'application/json'
              data: {}
            }
            authentication: {
              type: 'ManagedServiceIdentity'
              identity: identityId
              audience: 'https://eventgrid.azure.net'
            }
            retryPolicy: { type: 'exponential', count: 8, interval: 'PT10S', maximumInterval: 'PT1H' }
          }
        }
      }
    }
    parameters: {
      '$connections': {
        value: {
          '${connectorName}': {
            connectionId: connection.id
            connectionName: connection.name
            id: connection.properties.api.id
          }
        }
      }
    }
  }
}

// Preview by name only: it has been the newest for years, and the released one cannot do without a storage account.
#disable-next-line use-recent-api-versions
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'backstamp'
  scope: flow
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'WorkflowRuntime', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the connection that an administrator of Customer Insights has to authorise.')
output connectionName string = connection.name
