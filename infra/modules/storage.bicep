// One storage account: the deployed package and the host's leases in blobs, the program's state in tables. Shared keys
// are off, so no connection string can exist. Azure Verified Module: avm/res/storage/storage-account.

import { storageAccountName } from 'names.bicep'

@description('Region of the account.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Whether the account is reached through private endpoints only.')
param isPrivate bool

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: storageAccountName(resourceToken)
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Event Grid leaves undeliverable events here by its own identity, as a trusted service, even when access is private.
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: { deleteRetentionPolicy: { enabled: true, days: 7 } }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'app-package'
}

@description('Resource id of the account.')
output accountId string = account.id

@description('Root address of the blob service.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Root address of the table service.')
output tableEndpoint string = account.properties.primaryEndpoints.table

@description('Name of the container that holds the deployed package.')
output packageContainer string = packages.name
