// User-assigned identities: one that hosts the app, and any number more that only write to Dataverse. Each becomes an
// application user of the organisation, and Dataverse counts its service-protection limits for each by itself.
// Azure Verified Module: avm/res/managed-identity/user-assigned-identity.

import { hostIdentityName } from 'names.bicep'

@description('Region of the identities.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('How many identities to create for writing, beside the app\'s own.')
@minValue(0)
@maxValue(15)
param writerCount int

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: hostIdentityName(resourceToken)
  location: location
}

// They get no role in Azure at all: they are good for a Dataverse token, and for nothing else.
resource writers 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = [
  for index in range(0, writerCount): {
    name: 'id-backstamp-writer-${index + 1}-${resourceToken}'
    location: location
  }
]

@description('Resource id of the identity that hosts the app.')
output hostId string = host.id

@description('Client id of the identity that hosts the app.')
output hostClientId string = host.properties.clientId

@description('Resource ids of the writing identities.')
output writerIds string[] = [for index in range(0, writerCount): writers[index].id]

@description('Client ids of the writing identities.')
output writerClientIds string[] = [for index in range(0, writerCount): writers[index].properties.clientId]
