@export()
@description('Ways in for unification events, beside the HTTP door, which is always there.')
@sealed()
type openDoors = {
  @description('An Event Grid topic whose events go to queue unification-events.')
  eventGrid: bool

  @description('Trigger of the Customer Insights connector as JSON text, as the Logic Apps designer shows it in code view; empty for no flow. The flow posts to the Event Grid topic, so that door has to be open too.')
  flowTrigger: string

  @description('An event hub for the operational log that Customer Insights exports.')
  diagnosticLog: bool
}
