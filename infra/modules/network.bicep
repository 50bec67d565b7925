// A network of the app's own. Dataverse and Entra are reached over their public addresses, and Azure Monitor too unless
// the app is isolated.

import { resourceTags } from 'resource-tags.bicep'

@description('Region of the network.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Address range of the network; a /24 at least.')
param addressPrefix string

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-backstamp-${resourceToken}'
  location: location
  tags: tags
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

@description('Subnet for the app\'s outgoing traffic.')
output appSubnetId string = network::app.id

@description('Subnet that holds the private endpoints.')
output endpointSubnetId string = network::endpoints.id
