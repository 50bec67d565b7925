// App settings that an administrator may set; each has a default in the program (shared/settings.ts), so whatever is
// left out here is left out of the app's settings too. A test holds names and bounds equal to the program's.

@export()
@description('Optional app settings, under the names that the program reads.')
@sealed()
type linkingOptions = {
  @description('How long one invocation works on a pass before it hands over to the next, in seconds.')
  @minValue(1)
  @maxValue(480)
  BACKSTAMP_SLICE_SECONDS: int?

  @description('Rows per page; Dataverse gives 5,000 at most.')
  @minValue(1)
  @maxValue(5000)
  BACKSTAMP_PAGE_SIZE: int?

  @description('Pause before a follow-up pass while profiles are still arriving, in seconds.')
  @minValue(1)
  @maxValue(86400)
  BACKSTAMP_SETTLING_INTERVAL_SECONDS: int?

  @description('How long after the event rows may wait for their profile before the task ends with a warning, in seconds.')
  @minValue(0)
  @maxValue(604800)
  BACKSTAMP_SETTLING_LIMIT_SECONDS: int?

  @description('Every so many days a pass holds every row against the map, linked or not.')
  @minValue(1)
  @maxValue(365)
  BACKSTAMP_RECONCILE_INTERVAL_DAYS: int?

  @description('The former name of BACKSTAMP_RECONCILE_INTERVAL_DAYS.')
  @minValue(1)
  @maxValue(365)
  BACKSTAMP_ORPHAN_INTERVAL_DAYS: int?

  @description('A walk that would clear more than this share of the linked rows, in percent, asks for confirmation first.')
  @minValue(0)
  @maxValue(100)
  BACKSTAMP_ORPHAN_LIMIT_PERCENT: int?

  @description('The same for links that a run would move to another profile; 20 unless set.')
  @minValue(0)
  @maxValue(100)
  BACKSTAMP_MOVE_LIMIT_PERCENT: int?

  @description('The same for links that a run would move to one and the same profile; 1 unless set.')
  @minValue(0)
  @maxValue(100)
  BACKSTAMP_PROFILE_LIMIT_PERCENT: int?

  @description('Every so many minutes the map is asked whether it changed though no event said so; 0, or minutes that divide an hour.')
  @minValue(0)
  @maxValue(60)
  BACKSTAMP_POLL_MINUTES: int?

  @description('The app rehearses only: nothing is ever written to Dataverse.')
  BACKSTAMP_READ_ONLY: bool?

  @description('How long runs and row outcomes are kept, in days.')
  @minValue(1)
  @maxValue(3650)
  BACKSTAMP_RETENTION_DAYS: int?

  @description('Custom logic that the writes do not set off, comma-separated: customSync, customAsync, flows. Each needs its privilege.')
  BACKSTAMP_BYPASS: string?

  @description('Most requests at once that one identity may have under way.')
  @minValue(1)
  @maxValue(200)
  BACKSTAMP_MAX_CONCURRENCY: int?

  @description('Share of each identity\'s execution-time budget that is left to other applications, in percent.')
  @minValue(0)
  @maxValue(90)
  BACKSTAMP_FREE_BUDGET_PERCENT: int?

  @description('Root address of an OTLP receiver (HTTP, JSON) for spans, metrics and logs, beside Application Insights.')
  OTEL_EXPORTER_OTLP_ENDPOINT: string?

  @description('Headers for that receiver. Where they hold a key, give a reference: @Microsoft.KeyVault(SecretUri=…), and the app\'s identity the role Key Vault Secrets User.')
  OTEL_EXPORTER_OTLP_HEADERS: string?
}
