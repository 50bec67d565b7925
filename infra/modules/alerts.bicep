// Who is told when Backstamp does not do its work. Each query says what its number means and why the threshold is
// where it is; each description ends with the next step, and docs/alerts.md has the rest.
// Azure Verified Modules: avm/res/insights/scheduled-query-rule, avm/res/insights/metric-alert, avm/res/insights/action-group.

import { alertSettings, webhookAddresses } from 'alert-settings.bicep'
import { entityNames } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the rules.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Workspace that the rules query.')
param workspaceId string

@description('Service Bus namespace whose dead-letter queues are watched.')
param serviceBusNamespaceId string

@description('Tags of every resource.')
param tags resourceTags

@description('Who is told, and when the alerts fire.')
param settings alertSettings

@description('Addresses of the webhooks by name.')
param webhooks webhookAddresses

var emails = settings.?emails ?? []
var webhookNames = settings.?webhooks ?? []
var thresholds = settings.?thresholds ?? {}
var isOurGroupNeeded = !empty(emails) || !empty(webhookNames)
// Portal only, where there is none.
var groupIds = concat(isOurGroupNeeded ? [onCall.id] : [], settings.?actionGroupIds ?? [])

var rules = [
  {
    name: 'task-failed'
    displayName: 'Backstamp: a table could not be linked'
    description: 'A task ended as Failed. Next step: ask GET /api/status for the table, read the last of its details and do what it says; the next run takes the table up where it stopped.'
    severity: 2
    query: loadTextContent('../queries/alert-task-failed.kql')
    measure: 'FailedTasks'
    aggregation: 'Total'
    dimension: 'Table'
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'dead-letter'
    displayName: 'Backstamp: a message was given up'
    description: 'A message ended in a dead-letter queue, and its task or run was ended as Failed. Next step: find the reason under Failures in the workbook, remove it, then start a run by POST /api/runs.'
    severity: 1
    query: loadTextContent('../queries/alert-dead-letter.kql')
    measure: 'DeadLetters'
    aggregation: 'Total'
    dimension: 'Queue'
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'run-stalled'
    displayName: 'Backstamp: a run does not end'
    description: 'A unification event has waited for the end of a run for longer than a run may last. Next step: ask GET /api/runs for the run and see which of its tasks stays Refreshing, and look at Invocations in the workbook for functions that fail or do not start; restarting the app loses nothing.'
    severity: 1
    query: loadTextContent('../queries/alert-run-stalled.kql')
    measure: 'WaitingHours'
    aggregation: 'Maximum'
    dimension: ''
    threshold: thresholds.?runStalledHours ?? 8
    every: 'PT30M'
    window: 'P2D'
  }
  {
    name: 'watermark-old'
    displayName: 'Backstamp: a table has not been brought up to date'
    description: 'No pass of this table has ended for several runs. Next step: ask GET /api/runs whether the table\'s tasks fail, are skipped, or are not made at all; then do what the task\'s details say.'
    severity: 2
    query: loadTextContent('../queries/alert-watermark-old.kql')
    measure: 'AgeHours'
    aggregation: 'Maximum'
    dimension: 'Table'
    threshold: thresholds.?watermarkAgeHours ?? 47
    every: 'PT1H'
    window: 'PT6H'
  }
  {
    name: 'pending-growing'
    displayName: 'Backstamp: more and more rows wait'
    description: 'The rows of this table that cannot be linked grow from run to run. Next step: list them with their reasons by GET /api/runs/{runId}/tables/{table}/rows and remove the commonest reason; they are tried again in each run.'
    severity: 3
    query: loadTextContent('../queries/alert-pending-growing.kql')
    measure: 'Growth'
    aggregation: 'Maximum'
    dimension: 'Table'
    threshold: thresholds.?pendingRowsGrowth ?? 100
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'throttled'
    displayName: 'Backstamp: Dataverse refuses a large share of the time'
    description: 'Dataverse answered 429 in a large share of the minutes in which Backstamp worked. Nothing is lost, it only takes longer. Next step: see under Throttling in the workbook which limit it is; add a writing identity (writerCount), lower BACKSTAMP_MAX_CONCURRENCY, or leave other applications more with BACKSTAMP_FREE_BUDGET_PERCENT.'
    severity: 3
    query: loadTextContent('../queries/alert-throttled.kql')
    measure: 'RefusedPercent'
    aggregation: 'Maximum'
    dimension: ''
    threshold: thresholds.?throttledMinutesPercent ?? 25
    every: 'PT15M'
    window: 'PT1H'
  }
  {
    name: 'no-event'
    displayName: 'Backstamp: no unification event'
    description: 'Unification has not reported a completed run for longer than its schedule allows. Next step: check in Customer Insights that unification ran; if it did, check the flow, the diagnostic export or whoever posts the event, then start a run by POST /api/runs.'
    severity: 2
    query: loadTextContent('../queries/alert-no-event.kql')
    measure: 'Hours'
    aggregation: 'Maximum'
    dimension: ''
    threshold: thresholds.?hoursWithoutEvent ?? 30
    every: 'PT1H'
    window: 'P2D'
  }
]

resource onCall 'Microsoft.Insights/actionGroups@2023-01-01' = if (isOurGroupNeeded) {
  name: 'ag-backstamp-${resourceToken}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'backstamp'
    enabled: true
    emailReceivers: [
      for (email, index) in emails: { name: 'mail-${index + 1}', emailAddress: email, useCommonAlertSchema: true }
    ]
    webhookReceivers: [for name in webhookNames: { name: name, serviceUri: webhooks[name], useCommonAlertSchema: true }]
  }
}

resource queryRules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'alert-backstamp-${rule.name}-${resourceToken}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.displayName
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.measure
            timeAggregation: rule.aggregation
            operator: 'GreaterThan'
            threshold: rule.threshold
            dimensions: empty(rule.dimension) ? [] : [{ name: rule.dimension, operator: 'Include', values: ['*'] }]
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      // The first telemetry comes after the deployment; until then a query may find its table without columns.
      skipQueryValidation: true
      actions: { actionGroups: groupIds }
    }
  }
]

// Counts in the broker, so it also tells when the app is down. The app takes dead letters out within seconds: a
// quarter of an hour means that it does not.
resource unrecordedDeadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'alert-backstamp-dead-letters-stay-${resourceToken}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages stay in a dead-letter queue: the functions record-dead-event and record-dead-task do not take them out. Next step: check that the app runs and that neither of the two fails (Invocations in the workbook).'
    severity: 1
    enabled: true
    scopes: [serviceBusNamespaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          dimensions: [
            { name: 'EntityName', operator: 'Include', values: [entityNames.unificationEvents, entityNames.linkTasks] }
          ]
          // The least in the window: a message that was there for a moment is not meant.
          timeAggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [for id in groupIds: { actionGroupId: id }]
  }
}
