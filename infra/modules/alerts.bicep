// Who is told when Backstamp does not do its work. The app tells how it stands at each look of its watch, so an alert is one
// `where` and one `summarize` over one metric; queries/alert-*.cases.json has what raises each, what must not, and what
// clears it. Each description ends with the next step, each alert carries a command, the links and its runbook.
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

@description('Name of the function app, by which its telemetry is told from that of others in the workspace.')
param appName string

@description('Root address of the app.')
param endpoint string

@description('Address of the workbook.')
param workbookAddress string

// What whoever is woken opens first; it goes out with every alert.
var links = { page: '${endpoint}/api/status-page', workbook: workbookAddress }
var runbook = settings.?runbookAddress ?? 'docs/alerts.md'
var emails = settings.?emails ?? []
var webhookNames = settings.?webhooks ?? []
var thresholds = settings.?thresholds ?? {}
var isOurGroupNeeded = !empty(emails) || !empty(webhookNames)
// Portal only, where there is none.
var groupIds = concat(isOurGroupNeeded ? [onCall.id] : [], settings.?actionGroupIds ?? [])

// One alert for forty tables: what a query tells of each is in the result that the alert leads to.
var rules = [
  {
    name: 'silent'
    displayName: 'Backstamp: the app gives no sign of life'
    description: 'The watch over runs, which looks every five minutes, has told nothing for twenty. Until it does, no other alert can. Next step: ask GET /api/health; it names a setting that is missing or bad. Where it does not answer, see under Failures in the workbook why the app does not start.'
    command: 'npx --no backstamp doctor'
    severity: 1
    query: loadTextContent('../queries/alert-silent.kql')
    measure: 'Beats'
    aggregation: 'Total'
    operator: 'LessThan'
    threshold: 1
    every: 'PT5M'
    window: 'PT30M'
  }
  {
    name: 'task-failed'
    displayName: 'Backstamp: tables could not be linked'
    description: 'Tasks ended as Failed. Next step: look at the table in GET /api/status, read the last of its details and do what it says; the next run takes the table up where it stopped.'
    command: 'npx --no backstamp status'
    severity: 2
    query: loadTextContent('../queries/alert-task-failed.kql')
    measure: 'FailedTasks'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'dead-letter'
    displayName: 'Backstamp: messages were given up'
    description: 'Messages ended in a dead-letter queue, and their tasks or runs were ended as Failed. Next step: find the reason under Failures in the workbook, remove it, then start a run by POST /api/runs.'
    command: 'npx --no backstamp run --wait'
    severity: 1
    query: loadTextContent('../queries/alert-dead-letter.kql')
    measure: 'DeadLetters'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'run-without-progress'
    displayName: 'Backstamp: a run does not get on'
    description: 'Nothing has moved in an open run for longer than a lost message takes to be sent again. Next step: see in GET /api/runs/{runId} which of its tasks stays Refreshing, and under Invocations in the workbook which function fails or does not start; restarting the app loses nothing.'
    command: 'npx --no backstamp show latest'
    severity: 1
    query: loadTextContent('../queries/alert-run-without-progress.kql')
    measure: 'Minutes'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?minutesWithoutProgress ?? 60
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'never-linked'
    displayName: 'Backstamp: tables were never linked'
    description: 'Runs were to link these tables, and they have no watermark: they are skipped, or fail, each time. Next step: read their findings in GET /api/status; each says what to do.'
    command: 'npx --no backstamp doctor'
    severity: 2
    query: loadTextContent('../queries/alert-never-linked.kql')
    measure: 'Hours'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?hoursUnlinked ?? 24
    every: 'PT1H'
    window: 'PT1H'
  }
  {
    name: 'table-unlisted'
    displayName: 'Backstamp: the map names tables that are not linked'
    description: 'The map names rows of tables that are not in the set-up, so nobody links them. Next step: see in GET /api/status which; add them to the set-up as discovery shows it, or raise the threshold by those that you leave out on purpose.'
    command: 'npx --no backstamp discover'
    severity: 3
    query: loadTextContent('../queries/alert-table-unlisted.kql')
    measure: 'Tables'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?unlistedTables ?? 0
    every: 'PT1H'
    window: 'PT1H'
  }
  {
    name: 'watermark-old'
    displayName: 'Backstamp: tables have not been brought up to date'
    description: 'No pass of these tables has ended for several runs. Next step: ask GET /api/runs whether their tasks fail, are skipped, or are not made at all; then do what the details of the tasks say.'
    command: 'npx --no backstamp runs'
    severity: 2
    query: loadTextContent('../queries/alert-watermark-old.kql')
    measure: 'AgeHours'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?watermarkAgeHours ?? 47
    every: 'PT1H'
    window: 'PT1H'
  }
  {
    name: 'pending-growing'
    displayName: 'Backstamp: more and more rows wait'
    description: 'The rows that cannot be linked grow from run to run. Next step: list them with their reasons by GET /api/runs/{runId}/tables/{table}/rows and remove the commonest reason; they are tried again in each run.'
    command: 'npx --no backstamp rows latest contact --outcome failed'
    severity: 3
    query: loadTextContent('../queries/alert-pending-growing.kql')
    measure: 'Growth'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?pendingRowsGrowth ?? 100
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'hold-waiting'
    displayName: 'Backstamp: changes wait to be confirmed'
    description: 'A run found more links to move or to clear than a safety limit allows, and has made none of them. Next step: look at the rows that the hold shows in GET /api/status, then confirm it, or mend unification; it goes away by itself when the map goes back.'
    command: 'npx --no backstamp status'
    severity: 2
    query: loadTextContent('../queries/alert-hold-waiting.kql')
    measure: 'Hours'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?hoursHeld ?? 1
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'coverage-fell'
    displayName: 'Backstamp: rows lost their links'
    description: 'In a day a larger share of linked rows than usual lost their links. Next step: list them by GET /api/runs/{runId}/tables/{table}/rows with the outcome cleared, and ask in Customer Insights whether these customers are gone.'
    command: 'npx --no backstamp rows latest contact --outcome cleared'
    severity: 2
    query: loadTextContent('../queries/alert-coverage-fell.kql')
    measure: 'LostPercent'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?coverageLossPercent ?? 5
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'throttled'
    displayName: 'Backstamp: Dataverse refuses a large share of requests'
    description: 'Dataverse answered 429 to a large share of the requests. Nothing is lost, it only takes longer. Next step: see under Throttling in the workbook which limit it is; add a writing identity (writerCount), lower BACKSTAMP_MAX_CONCURRENCY, or leave other applications more with BACKSTAMP_FREE_BUDGET_PERCENT.'
    command: 'npx --no backstamp show latest'
    severity: 3
    query: loadTextContent('../queries/alert-throttled.kql')
    measure: 'RefusedPercent'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?throttledPercent ?? 10
    every: 'PT15M'
    window: 'PT1H'
  }
  {
    name: 'no-event'
    displayName: 'Backstamp: no unification event'
    description: 'Unification has not reported a completed run for longer than its schedule allows. Next step: check in Customer Insights that unification ran; if it did, check the flow, the diagnostic export or whoever posts the event, then start a run by POST /api/runs.'
    command: 'npx --no backstamp run --wait'
    severity: 2
    query: loadTextContent('../queries/alert-no-event.kql')
    measure: 'Hours'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: thresholds.?hoursWithoutEvent ?? 30
    every: 'PT1H'
    window: 'PT1H'
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
            query: replace(rule.query, '{appName}', appName)
            metricMeasureColumn: rule.measure
            timeAggregation: rule.aggregation
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      // The first telemetry comes after the deployment; until then a query may find its table without columns.
      skipQueryValidation: true
      actions: {
        actionGroups: groupIds
        customProperties: { ...links, runbook: '${runbook}#${rule.name}', command: rule.command }
      }
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
    actions: [
      for id in groupIds: {
        actionGroupId: id
        webHookProperties: { ...links, runbook: '${runbook}#dead-letters-stay', command: 'npx --no backstamp doctor' }
      }
    ]
  }
}
