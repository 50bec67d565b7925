// Defaults stand in alerts.bicep; queries/*.kql say what each number is measured against, docs/alerts.md what to do.

@export()
@description('Who is told when an alert fires, and when alerts fire.')
@sealed()
type alertSettings = {
  @description('Addresses that get a mail.')
  emails: emailAddress[]?

  @description('Resource ids of action groups that are there already.')
  actionGroupIds: resourceId[]?

  @description('Names of webhooks; their addresses are given beside, as they may hold keys.')
  webhooks: webhookName[]?

  @description('Address of your copy of docs/alerts.md, which each alert leads to.')
  runbookAddress: string?

  @description('When the alerts fire.')
  thresholds: alertThresholds?
}

@export()
@description('Addresses of webhooks by name. An address may hold a key.')
@secure()
type webhookAddresses = {
  @description('Address that is called with the common alert schema.')
  *: string
}

@export()
@description('Name of a webhook.')
@minLength(1)
type webhookName = string

@export()
@description('An address for mail.')
@minLength(3)
type emailAddress = string

@export()
@description('Resource id, such as /subscriptions/…/resourceGroups/…/providers/….')
@minLength(20)
type resourceId = string

@export()
@description('When the alerts fire.')
@sealed()
type alertThresholds = {
  @description('Hours without any unification event. 30: a daily run may be six hours late. Give 174 for a weekly one.')
  @minValue(1)
  @maxValue(8760)
  hoursWithoutEvent: int?

  @description('Hours since a table\'s watermark was taken. 47: two daily runs were missed, or one failed for long. Give 342 for weekly ones.')
  @minValue(1)
  @maxValue(8760)
  watermarkAgeHours: int?

  @description('Hours for which a table that runs were to link has had no watermark. 24: longer than the first pass over millions of rows.')
  @minValue(1)
  @maxValue(8760)
  hoursUnlinked: int?

  @description('Minutes in which nothing moved in an open run. 60: two tries of a lost message.')
  @minValue(10)
  @maxValue(10080)
  minutesWithoutProgress: int?

  @description('Hours for which changes that a safety limit stopped may wait to be confirmed. 1: time to see the message.')
  @minValue(1)
  @maxValue(8760)
  hoursHeld: int?

  @description('Tables that the map names and the set-up may lack. 0: one that is left out on purpose is allowed for here.')
  @minValue(0)
  @maxValue(1000)
  unlistedTables: int?

  @description('Percent of a table\'s linked rows that may lose their links in a day. 5: customers come and go by less.')
  @minValue(1)
  @maxValue(100)
  coverageLossPercent: int?

  @description('Rows by which a table\'s pending rows may grow in a day. 100: a few bad rows are no matter for a mail.')
  @minValue(0)
  @maxValue(1000000)
  pendingRowsGrowth: int?

  @description('Percent of the requests of an hour that Dataverse may refuse. 10: back-off keeps it under two; more, and someone else takes a share.')
  @minValue(1)
  @maxValue(99)
  throttledPercent: int?
}
