// One storage account: the deployed package and the host's leases in blobs, the program's state in tables. Shared keys
// are off, so no connection string can exist. Azure Verified Module: avm/res/storage/storage-account.

import { storageAccountName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the account.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Whether the account is reached through private endpoints only.')
param isPrivate bool

@description('Whether everything is kept in three zones.')
param isZoneRedundant bool

@description('Whether the account is locked against being deleted.')
param isLocked bool

@description('Workspace that is told who deleted something, and how the account does.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: storageAccountName(resourceToken)
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: isZoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
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
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'app-package'
}

// Tables have no soft delete: docs/backup.md tells what is lost with the account, and how to save it.
resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (isLocked) {
  name: 'backstamp-state'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the state of Backstamp; docs/uninstall.md tells how to remove it.'
  }
}

// Deletions only: the program reads and writes its own state by the thousands, which nobody would look through.
// Preview by name only: it has been the newest for years, and the released one cannot do without a storage account.
#disable-next-line use-recent-api-versions
resource blobLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'backstamp'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

// Preview by name only: it has been the newest for years, and the released one cannot do without a storage account.
#disable-next-line use-recent-api-versions
resource tableLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'backstamp'
  scope: tables
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('Root address of the blob service.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Root address of the table service.')
output tableEndpoint string = account.properties.primaryEndpoints.table

@description('Name of the container that holds the deployed package.')
output packageContainer string = packages.name
