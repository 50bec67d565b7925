// Log Analytics workspace and Application Insights. Both refuse keys: telemetry comes in by managed identity, and
// people read it by their own role. Azure Verified Modules: avm/res/operational-insights/workspace, avm/res/insights/component.

import { applicationInsightsName } from 'names.bicep'

@description('Region of the resources.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-backstamp-${resourceToken}'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    // As long as the program keeps runs by default: what GET /api/runs lists can still be looked up here.
    retentionInDays: 90
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName(resourceToken)
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

@description('Resource id of the workspace that alerts and workbook query.')
output workspaceId string = workspace.id

// Not a secret: it tells where to send, and with local authentication off its key opens nothing.
@description('Address that telemetry is sent to.')
output connectionString string = applicationInsights.properties.ConnectionString
