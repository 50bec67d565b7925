@export()
@description('Ways in for unification events, beside the HTTP door, which is always there.')
@sealed()
type openDoors = {
  @description('An Event Grid topic whose events go to queue unification-events.')
  eventGrid: bool?

  @description('Trigger of the Customer Insights connector, as the Logic Apps designer shows it in code view. The flow posts to the Event Grid topic, so that door has to be open too.')
  flowTrigger: flowTrigger?

  @description('An event hub for the operational log that Customer Insights exports.')
  diagnosticLog: bool?
}

@export()
@description('Trigger of a Logic App as the designer shows it in code view.')
type flowTrigger = {
  @description('Kind of the trigger, such as ApiConnectionWebhook.')
  type: string

  // Whatever the connector wants; no two have the same.
  @description('What the connector wants to be told.')
  #disable-next-line use-user-defined-types
  inputs: object
}
