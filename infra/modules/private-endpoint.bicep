// One private endpoint, entered in its DNS zones. Azure Verified Module: avm/res/network/private-endpoint.

import { resourceTags } from 'resource-tags.bicep'

@description('Region of the endpoint.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Resource that the endpoint leads to.')
param targetId string

@description('Part of the resource that it leads to.')
param groupId string

@description('Subnet that holds the endpoint.')
param subnetId string

@description('Resource ids of the zones that answer with its address; none where a policy sees to names.')
param zoneIds string[]

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: 'pep-backstamp-${groupId}-${resourceToken}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: targetId, groupIds: [groupId] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = if (!empty(zoneIds)) {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        // Each is a resource id by what the parameter says; the rule looks no further than this line.
        #disable-next-line use-resource-id-functions
        for (id, index) in zoneIds: { name: 'zone-${index}', properties: { privateDnsZoneId: id } }
      ]
    }
  }
}
