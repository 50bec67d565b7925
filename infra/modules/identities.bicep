// User-assigned identities: one that hosts the app, any number more that only write to Dataverse, and the flow's. Each
// of the first two kinds becomes an application user of the organisation, and Dataverse counts its service-protection
// limits for each by itself. Azure Verified Module: avm/res/managed-identity/user-assigned-identity.

import { resourceTags } from 'resource-tags.bicep'

@description('Region of the identities.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('How many identities to create for writing, beside the app\'s own.')
@minValue(0)
@maxValue(15)
param writerCount int

@description('Whether a flow posts events by an identity of its own.')
param hasFlow bool

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-backstamp-${resourceToken}'
  location: location
  tags: tags
}

// They get no role in Azure at all: they are good for a Dataverse token, and for nothing else.
resource writers 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = [
  for index in range(0, writerCount): {
    name: 'id-backstamp-writer-${index + 1}-${resourceToken}'
    location: location
    tags: tags
  }
]

resource flow 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (hasFlow) {
  name: 'id-backstamp-flow-${resourceToken}'
  location: location
  tags: tags
}

@description('Resource id of the identity that hosts the app.')
output hostId string = host.id

@description('Client id of the identity that hosts the app.')
output hostClientId string = host.properties.clientId

@description('Principal id of the identity that hosts the app.')
output hostPrincipalId string = host.properties.principalId

@description('Resource ids of the writing identities.')
output writerIds string[] = [for index in range(0, writerCount): writers[index].id]

@description('Client ids of the writing identities.')
output writerClientIds string[] = [for index in range(0, writerCount): writers[index].properties.clientId]

@description('Resource id of the flow\'s identity; empty where there is no flow.')
output flowId string = hasFlow ? flow.id : ''

@description('Principal id of the flow\'s identity; empty where there is no flow.')
output flowPrincipalId string = hasFlow ? flow!.properties.principalId : ''
