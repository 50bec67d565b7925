@export()
@description('A network around storage and Service Bus, which becomes Premium then. The app answers HTTP in public unless it is isolated.')
@discriminator('kind')
type networkSettings = ownNetwork | existingNetwork

@export()
@description('A network made here.')
@sealed()
type ownNetwork = {
  @description('Makes a network of the app\'s own.')
  kind: 'own'

  @description('Its address range, a /24 at least. It cannot be changed once subnets are in it.')
  addressPrefix: string

  @description('Whether the app, the Event Grid topic and telemetry are closed to the public too.')
  isolated: bool?

  @description('How the private addresses get their names.')
  dns: dnsSettings?
}

@export()
@description('Two subnets that are there already.')
@sealed()
type existingNetwork = {
  @description('Takes subnets that are there already.')
  kind: 'existing'

  @description('Resource id of the subnet for the app\'s outgoing traffic, delegated to Microsoft.App/environments and used by nothing else; a /26 or larger.')
  @minLength(20)
  appSubnetId: string

  @description('Resource id of the subnet for the private endpoints.')
  @minLength(20)
  endpointSubnetId: string

  @description('Whether the app, the Event Grid topic and telemetry are closed to the public too.')
  isolated: bool?

  @description('How the private addresses get their names.')
  dns: dnsSettings?
}

@export()
@description('How the private addresses get their names.')
@sealed()
type dnsSettings = {
  @description('Whether a policy enters the endpoints in zones of the company; then no zone is made and none is written to.')
  byPolicy: bool?

  @description('Zones that are there already; those not given are made here and linked to the network.')
  zoneIds: zoneIds?
}

@export()
@description('Resource ids of private DNS zones by name, such as privatelink.blob.core.windows.net.')
type zoneIds = {
  @description('Resource id of the zone.')
  *: string
}
