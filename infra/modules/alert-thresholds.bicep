// Defaults stand in main.bicep; queries/*.kql say what each number is measured against, docs/alerts.md what to do.

@export()
@description('When the alerts fire.')
@sealed()
type alertThresholds = {
  @description('Hours without any unification event. 30: a daily run may be six hours late. Alerts look back two days at most.')
  @minValue(1)
  @maxValue(47)
  hoursWithoutEvent: int

  @description('Hours since a table\'s watermark was taken. 47: two daily runs were missed, or one failed for long.')
  @minValue(1)
  @maxValue(8760)
  watermarkAgeHours: int

  @description('Hours that an event may wait for a run to end. 8: the settling limit of six hours, and two to work.')
  @minValue(1)
  @maxValue(47)
  runStalledHours: int

  @description('Rows by which a table\'s pending rows may grow in a day. 100: a few bad rows are no matter for a mail.')
  @minValue(0)
  @maxValue(1000000)
  pendingRowsGrowth: int

  @description('Percent of the busy minutes in which Dataverse refused requests. 25: back-off works, but someone else takes a share.')
  @minValue(1)
  @maxValue(99)
  throttledMinutesPercent: int
}
