// Log Analytics workspace and Application Insights. Both refuse keys: telemetry comes in by managed identity, and
// people read it by their own role. Azure Verified Modules: avm/res/operational-insights/workspace, avm/res/insights/component.

import { applicationInsightsName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the resources.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Resource id of a workspace that is there already; empty to make one.')
param existingWorkspaceId string

@description('Whether telemetry is taken from the network alone. People read it from anywhere, by their role.')
param isIsolated bool

var ingestion = isIsolated ? 'Disabled' : 'Enabled'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = if (empty(existingWorkspaceId)) {
  name: 'log-backstamp-${resourceToken}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    // As long as the program keeps runs by default: what GET /api/runs lists can still be looked up here.
    retentionInDays: 90
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
    publicNetworkAccessForIngestion: ingestion
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName(resourceToken)
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: ingestion
    publicNetworkAccessForQuery: 'Enabled'
  }
}

@description('Resource id of the workspace that alerts and workbook query.')
output workspaceId string = empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId

@description('Resource id of Application Insights.')
output applicationInsightsId string = applicationInsights.id

// Not a secret: it tells where to send, and with local authentication off its key opens nothing.
@description('Address that telemetry is sent to.')
output connectionString string = applicationInsights.properties.ConnectionString
