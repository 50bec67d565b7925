// One page in the portal: is it alive, what the runs did, how fast, what held them up, what waits, what failed and what to do.

import { resourceTags } from 'resource-tags.bicep'

@description('Tags of every resource.')
param tags resourceTags

@description('Region of the workbook.')
param location string

@description('Workspace that the workbook queries.')
param workspaceId string

@description('Name of the function app, by which its telemetry is told from that of others in the workspace.')
param appName string

@description('Name of the Service Bus namespace.')
param serviceBusName string

var panels = [
  {
    title: 'Is it alive, and which version'
    chart: 'table'
    width: '50'
    query: loadTextContent('../queries/alive.kql')
  }
  {
    title: 'How far is the run, and does it get on'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/progress.kql')
  }
  { title: 'From the event to the link', chart: 'table', width: '50', query: loadTextContent('../queries/lag.kql') }
  {
    title: 'What waits: events, and tables without a link (hours)'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/waiting-events.kql')
  }
  { title: 'Runs by how they ended', chart: 'table', width: '50', query: loadTextContent('../queries/runs.kql') }
  {
    title: 'Unification events by door'
    chart: 'barchart'
    width: '50'
    query: loadTextContent('../queries/events.kql')
  }
  { title: 'Tables', chart: 'table', width: '100', query: loadTextContent('../queries/tables.kql') }
  { title: 'Rows by outcome', chart: 'barchart', width: '50', query: loadTextContent('../queries/rows-by-outcome.kql') }
  {
    title: 'Throughput: rows written per second'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/throughput.kql')
  }
  {
    title: 'Requests to Dataverse by status'
    chart: 'barchart'
    width: '50'
    query: loadTextContent('../queries/requests.kql')
  }
  {
    title: 'Duration of requests (ms)'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/request-duration.kql')
  }
  {
    title: 'Throttling: refused requests by cause'
    chart: 'barchart'
    width: '50'
    query: loadTextContent('../queries/throttled.kql')
  }
  {
    title: 'Throttling: seconds waited by cause'
    chart: 'barchart'
    width: '50'
    query: loadTextContent('../queries/waited.kql')
  }
  {
    title: 'Requests at once, and how many are allowed'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/concurrency.kql')
  }
  {
    title: 'Execution-time budget used (%)'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/budget.kql')
  }
  { title: 'Rows per request', chart: 'timechart', width: '50', query: loadTextContent('../queries/batch-size.kql') }
  {
    title: 'Pending and waiting rows'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/pending.kql')
  }
  {
    title: 'Age of the watermarks (hours)'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/watermark-age.kql')
  }
  { title: 'Coverage and holds', chart: 'table', width: '50', query: loadTextContent('../queries/coverage.kql') }
  { title: 'Identities', chart: 'table', width: '50', query: loadTextContent('../queries/identities.kql') }
  {
    title: 'Service Bus: messages that wait, errors'
    chart: 'timechart'
    width: '50'
    query: loadTextContent('../queries/queues.kql')
  }
  { title: 'Dead letters', chart: 'barchart', width: '50', query: loadTextContent('../queries/dead-letters.kql') }
  {
    title: 'Failures and their remedies'
    chart: 'table'
    width: '100'
    query: loadTextContent('../queries/failures.kql')
  }
  { title: 'Invocations', chart: 'table', width: '100', query: loadTextContent('../queries/invocations.kql') }
]

var timeRange = {
  type: 9
  name: 'parameters'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    parameters: [
      {
        id: guid('backstamp', 'time-range')
        version: 'KqlParameterItem/1.0'
        name: 'TimeRange'
        label: 'Time range'
        type: 4
        isRequired: true
        value: { durationMs: 604800000 }
        typeSettings: {
          selectableValues: [
            { durationMs: 3600000 }
            { durationMs: 86400000 }
            { durationMs: 172800000 }
            { durationMs: 604800000 }
            { durationMs: 2592000000 }
            { durationMs: 7776000000 }
          ]
          allowCustom: true
        }
      }
    ]
  }
}

var items = [
  for (panel, index) in panels: {
    type: 3
    name: 'panel-${index}'
    customWidth: panel.width
    content: {
      version: 'KqlItem/1.0'
      title: panel.title
      query: replace(replace(panel.query, '{appName}', appName), '{serviceBusName}', serviceBusName)
      size: 0
      timeContextFromParameter: 'TimeRange'
      queryType: 0
      resourceType: 'microsoft.operationalinsights/workspaces'
      crossComponentResources: [workspaceId]
      visualization: panel.chart
      noDataMessage: 'Nothing in this time range.'
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'backstamp-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Backstamp'
    category: 'workbook'
    sourceId: workspaceId
    version: '1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([timeRange], items)
      fallbackResourceIds: [workspaceId]
    })
  }
}

@description('Resource id of the workbook.')
output workbookId string = workbook.id
