// A Logic App that waits for the Customer Insights connector's trigger "a refresh of the unification process is
// completed" and posts a CloudEvent to the Event Grid topic, by an identity of its own. The connector's operation ids
// are not documented, so the trigger's definition is taken from the designer's code view (docs/doors.md).

import { builtInRoles } from 'built-in-roles.bicep'
import { eventGridTopicName } from 'names.bicep'

@description('Region of the Logic App.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('The trigger as JSON text, as the designer shows it in code view.')
param triggerJson string

var connectorName = 'customerinsights'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: eventGridTopicName(resourceToken)
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-backstamp-flow-${resourceToken}'
  location: location
}

resource send 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, identity.id, builtInRoles.eventGridDataSender)
  scope: topic
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtInRoles.eventGridDataSender
    )
  }
}

// Made without a sign-in: an administrator of Customer Insights authorises it once, in the portal.
resource connection 'Microsoft.Web/connections@2016-06-01' = {
  name: 'con-backstamp-${connectorName}-${resourceToken}'
  location: location
  properties: {
    displayName: 'Customer Insights for Backstamp'
    api: { id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, connectorName) }
  }
}

resource flow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: 'logic-backstamp-${resourceToken}'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      parameters: { '$connections': { type: 'Object', defaultValue: {} } }
      triggers: { unificationCompleted: json(triggerJson) }
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
              identity: identity.id
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
  dependsOn: [send]
}

@description('Name of the connection that an administrator of Customer Insights has to authorise.')
output connectionName string = connection.name
