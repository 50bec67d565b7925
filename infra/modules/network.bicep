// A network of the app's own, with private endpoints for storage and Service Bus. The app still answers HTTP in
// public, by function key; Dataverse, Entra and Azure Monitor are reached over their public addresses.

@description('Region of the network.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Address range of the network; a /24 at least.')
param addressPrefix string

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-backstamp-${resourceToken}'
  location: location
  properties: { addressSpace: { addressPrefixes: [addressPrefix] } }

  resource app 'subnets' = {
    name: 'app'
    properties: {
      // A /26 has room for the instances that Flex Consumption may start here.
      addressPrefix: cidrSubnet(addressPrefix, 26, 0)
      delegations: [{ name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }]
    }
  }

  resource endpoints 'subnets' = {
    name: 'private-endpoints'
    properties: { addressPrefix: cidrSubnet(addressPrefix, 26, 1) }
    // Azure changes the subnets of a network one at a time.
    dependsOn: [app]
  }
}

@description('Resource id of the network.')
output networkId string = network.id

@description('Subnet for the app\'s outgoing traffic.')
output appSubnetId string = network::app.id

@description('Subnet that holds the private endpoints.')
output endpointSubnetId string = network::endpoints.id
