// A DNS zone that answers with private addresses inside the network. Azure Verified Module: avm/res/network/private-dns-zone.

import { resourceTags } from 'resource-tags.bicep'

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Name of the zone, such as privatelink.blob.core.windows.net.')
param zoneName string

@description('Network in which the zone answers.')
param networkId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'backstamp-${resourceToken}'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
}
