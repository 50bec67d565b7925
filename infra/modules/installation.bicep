// What differs between installations; environments/<name>/settings.json holds it. The compiler refuses a name that is
// not here. What may be left out has its default in main.bicep.

import { alertSettings } from 'alert-settings.bicep'
import { linkingOptions } from 'linking-options.bicep'
import { networkSettings } from 'network-settings.bicep'
import { openDoors } from 'open-doors.bicep'
import { resourceTags } from 'resource-tags.bicep'
import { signInSettings } from 'sign-in-settings.bicep'

@export()
@description('What differs between installations.')
@sealed()
type installation = {
  @description('Root address of the Dataverse organisation, such as https://contoso.crm.dynamics.com. The resource group carries it as a tag, and infra/scripts/what-if.ts stops when another organisation takes its place.')
  @minLength(9)
  dataverseUrl: string

  @description('App settings that differ from the program\'s defaults.')
  options: linkingOptions?

  @description('How many managed identities to create for writing, beside the app\'s own. Each has limits of its own in Dataverse, so writing gets faster with each.')
  @minValue(0)
  @maxValue(15)
  writerCount: int?

  @description('Ways in for unification events, beside the HTTP door.')
  doors: openDoors?

  @description('A network around storage, Service Bus and, if isolated, the app. It may come later, but not go again: what stays public then is opened by hand.')
  network: networkSettings?

  @description('Signing in of people with Entra; without it keys open all doors.')
  signIn: signInSettings?

  @description('Who is told when an alert fires, and when alerts fire.')
  alerts: alertSettings?

  @description('Resource id of a Log Analytics workspace that is there already; one is made where none is given.')
  workspaceId: string?

  @description('Whether storage is kept in three zones. Where it is left out: in regions that have zones. It cannot be changed later without a conversion of the account.')
  zoneRedundantStorage: bool?

  @description('Whether the plan keeps instances in three zones; not every region of the plan has it, and storage must be zone-redundant too.')
  zoneRedundantApp: bool?

  @description('Whether the storage account, which holds the state, is locked against being deleted.')
  deleteLock: bool?

  @description('Whether the app\'s platform logs go to the workspace. Flex Consumption refused that for long; what the app itself tells arrives without it.')
  platformLogs: bool?

  @description('Most instances that the app may scale out to, for each function by itself.')
  @minValue(1)
  @maxValue(1000)
  maximumInstanceCount: int?

  @description('Tags of every resource.')
  tags: resourceTags?
}
