// One private endpoint with its DNS zone. Azure Verified Module: avm/res/network/private-endpoint.

@description('Region of the endpoint.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Resource that the endpoint leads to.')
param targetId string

@description('Part of the resource that it leads to.')
param groupId 'blob' | 'table' | 'namespace'

@description('DNS zone that answers with the private address.')
param zoneName string

@description('Network in which the zone answers.')
param networkId string

@description('Subnet that holds the endpoint.')
param subnetId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'

  resource link 'virtualNetworkLinks' = {
    name: 'backstamp-${resourceToken}'
    location: 'global'
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: 'pep-backstamp-${groupId}-${resourceToken}'
  location: location
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: targetId, groupIds: [groupId] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }] }
  }
}
