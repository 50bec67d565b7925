// The app on a Flex Consumption plan. Azure Verified Modules: avm/res/web/serverfarm, avm/res/web/site.
// Flex refuses the worker-runtime, extension-version and run-from-package settings of the older plans: the runtime and
// the package's place stand in functionAppConfig instead, and none of those settings is emitted.

import { linkingOptions } from 'linking-options.bicep'
import { appName, eventHubsName } from 'names.bicep'
import { resourceTags } from 'resource-tags.bicep'
import { signInSettings } from 'sign-in-settings.bicep'
import { unificationSetup } from 'unification-setup.bicep'

@description('Region of the app.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Name of the service in azure.yaml, by which azd finds the app.')
param serviceName string

@description('Resource id of the identity that hosts the app.')
param hostIdentityId string

@description('Client id of the identity that hosts the app.')
param hostClientId string

@description('Resource ids of the identities that only write to Dataverse.')
param writerIdentityIds string[]

@description('Client ids of the identities that only write to Dataverse.')
param writerClientIds string[]

@description('Root address of the blob service.')
param blobEndpoint string

@description('Root address of the table service.')
param tableEndpoint string

@description('Container that holds the deployed package.')
param packageContainer string

@description('Address of the Service Bus namespace.')
param serviceBusNamespace string

@description('Whether the app reads the diagnostic log from Event Hubs.')
param readsDiagnosticLog bool

@description('Address that telemetry is sent to.')
param applicationInsightsConnectionString string

@description('Root address of the Dataverse organisation.')
param dataverseUrl string

@description('The unification set-up.')
param unification unificationSetup

@description('Optional app settings.')
param options linkingOptions

@description('Most instances that the app may scale out to, for each function by itself.')
param maximumInstanceCount int

@description('Whether the plan keeps instances in three zones.')
param isZoneRedundant bool

@description('Whether the app is reached from the network alone.')
param isIsolated bool

@description('Signing in of people; left out where keys open all doors.')
param signIn signInSettings?

@description('Whether the platform\'s logs of the app go to the workspace.')
param keepsPlatformLogs bool

@description('Resource id of the workspace.')
param workspaceId string

@description('Subnet for outgoing traffic; empty where the app is not in a network of its own.')
param subnetId string

var requiredSettings = {
  // The host's own storage, by identity.
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: hostClientId
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${hostClientId};Authorization=AAD'
  // Read by the host for its triggers and by the program for sending.
  ServiceBusConnection__fullyQualifiedNamespace: serviceBusNamespace
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: hostClientId
  StateStorage__tableServiceUri: tableEndpoint
  StateStorage__clientId: hostClientId
  AZURE_CLIENT_ID: hostClientId
  DATAVERSE_URL: dataverseUrl
  BACKSTAMP_UNIFICATION: string(unification)
  BACKSTAMP_DATAVERSE_CLIENT_IDS: join(concat([hostClientId], writerClientIds), ',')
}
// Read by the host alone, for its Event Hubs trigger.
var diagnosticLogSettings = readsDiagnosticLog
  ? {
      DiagnosticLogConnection__fullyQualifiedNamespace: '${eventHubsName(resourceToken)}.servicebus.windows.net'
      DiagnosticLogConnection__credential: 'managedidentity'
      DiagnosticLogConnection__clientId: hostClientId
    }
  : {}
// By its own identity the app proves to Entra that it is the registration that people sign in to: no secret is needed.
var signInSetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
var signInSettingValues = signIn == null ? {} : { '${signInSetting}': hostClientId }
var givenOptions = filter(items(options), option => option.value != null)
var optionSettings = toObject(givenOptions, option => option.key, option => string(option.value))

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-backstamp-${resourceToken}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: isZoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: appName(resourceToken)
  location: location
  kind: 'functionapp,linux'
  tags: union(tags, { 'azd-service-name': serviceName })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: toObject(concat([hostIdentityId], writerIdentityIds), id => id, id => {})
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: isIsolated ? 'Disabled' : 'Enabled'
    // Whose right a setting uses that is a reference to a secret, such as headers for an OTLP receiver.
    keyVaultReferenceIdentity: hostIdentityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: hostIdentityId }
        }
      }
      // 2 GB is the plan's usual size; the program's memory stays flat, however large a table is.
      scaleAndConcurrency: { maximumInstanceCount: maximumInstanceCount, instanceMemoryMB: 2048 }
      runtime: { name: 'node', version: '24' }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      appSettings: map(
        items(union(requiredSettings, diagnosticLogSettings, signInSettingValues, optionSettings)),
        setting => {
          name: setting.key
          value: setting.value
        }
      )
    }
  }

  // Publishing by password is off: azd, func and az deploy with the signed-in person's token.
  resource packagesByPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource filesByPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource people 'config' = if (signIn != null) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'RedirectToLoginPage'
        redirectToProvider: 'azureactivedirectory'
        // Whoever posts events, and whoever watches whether the app is there, is no person: a key opens these.
        excludedPaths: ['/api/unification-events', '/api/health']
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: signIn!.clientId
            clientSecretSettingName: signInSetting
            openIdIssuer: '${environment().authentication.loginEndpoint}${signIn!.?tenantId ?? tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [signIn!.clientId, 'api://${signIn!.clientId}'] }
        }
      }
      login: { tokenStore: { enabled: false } }
      httpSettings: { requireHttps: true }
    }
  }
}

// Preview by name only: it has been the newest for years, and the released one cannot do without a storage account.
#disable-next-line use-recent-api-versions
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (keepsPlatformLogs) {
  name: 'backstamp'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the app.')
output appName string = app.name

@description('Root address of the app.')
output endpoint string = 'https://${app.properties.defaultHostName}'
