// What lets telemetry in from the network while the public is shut out. Azure Verified Module: avm/res/insights/private-link-scope.

import { monitorScopeName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Resource id of the workspace.')
param workspaceId string

@description('Resource id of Application Insights.')
param applicationInsightsId string

resource scope 'Microsoft.Insights/privateLinkScopes@2021-09-01' = {
  name: monitorScopeName(resourceToken)
  location: 'global'
  tags: tags
  // Open: other resources of Azure Monitor that are reached from this network stay reachable over their public addresses.
  properties: { accessModeSettings: { ingestionAccessMode: 'Open', queryAccessMode: 'Open' } }

  resource workspace 'scopedResources' = {
    name: 'workspace'
    properties: { linkedResourceId: workspaceId }
  }

  resource applicationInsights 'scopedResources' = {
    name: 'application-insights'
    properties: { linkedResourceId: applicationInsightsId }
  }
}
