@export()
@description('Signing in of people with Entra. The event door and health stay open to keys.')
@sealed()
type signInSettings = {
  @description('Client id of the app registration that people sign in to; docs/install.md tells how to make it.')
  @minLength(36)
  @maxLength(36)
  clientId: string

  @description('Tenant whose people may sign in; the subscription\'s own where it is left out.')
  @minLength(36)
  @maxLength(36)
  tenantId: string?
}
