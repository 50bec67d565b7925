// What is reached through the network alone, and the names that lead there: what the app needs to start, or the app itself.

import { appName, eventGridTopicName, monitorScopeName, serviceBusName, storageAccountName } from 'names.bicep'
import { dnsSettings } from 'network-settings.bicep'
import { resourceTags } from 'resource-tags.bicep'

@description('Region of the endpoints.')
param location string

@description('Ending that makes names unique.')
param resourceToken string

@description('Tags of every resource.')
param tags resourceTags

@description('Subnet that holds the endpoints.')
param subnetId string

@description('How the private addresses get their names.')
param dns dnsSettings

@description('The app itself, or everything that it needs.')
param of 'app' | 'needs'

@description('Whether telemetry goes through the network too.')
param withTelemetry bool

@description('Whether events come to an Event Grid topic through the network.')
param withTopic bool

var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var busZone = 'privatelink.servicebus.windows.net'
var topicZone = 'privatelink.eventgrid.azure.net'
var sitesZone = 'privatelink.azurewebsites.net'
// Azure Monitor also takes the zone of blobs.
var monitorZones = [
  'privatelink.monitor.azure.com'
  'privatelink.oms.opinsights.azure.com'
  'privatelink.ods.opinsights.azure.com'
  'privatelink.agentsvc.azure-automation.net'
]
var needs = [
  {
    groupId: 'blob'
    targetId: resourceId('Microsoft.Storage/storageAccounts', storageAccountName(resourceToken))
    zones: [blobZone]
  }
  {
    groupId: 'table'
    targetId: resourceId('Microsoft.Storage/storageAccounts', storageAccountName(resourceToken))
    zones: [tableZone]
  }
  {
    groupId: 'namespace'
    targetId: resourceId('Microsoft.ServiceBus/namespaces', serviceBusName(resourceToken, true))
    zones: [busZone]
  }
]
var ofTopic = [
  {
    groupId: 'topic'
    targetId: resourceId('Microsoft.EventGrid/topics', eventGridTopicName(resourceToken))
    zones: [topicZone]
  }
]
var ofTelemetry = [
  {
    groupId: 'azuremonitor'
    targetId: resourceId('Microsoft.Insights/privateLinkScopes', monitorScopeName(resourceToken))
    zones: [...monitorZones, blobZone]
  }
]
var ofApp = [
  {
    groupId: 'sites'
    targetId: resourceId('Microsoft.Web/sites', appName(resourceToken))
    zones: [sitesZone]
  }
]
var endpoints = of == 'app' ? ofApp : concat(needs, withTelemetry ? ofTelemetry : [], withTopic ? ofTopic : [])
// Each once, though two endpoints may need the same.
var allZones = of == 'app'
  ? [sitesZone]
  : concat([blobZone, tableZone, busZone], withTelemetry ? monitorZones : [], withTopic ? [topicZone] : [])
var zoneNames = dns.?byPolicy ?? false ? [] : allZones
var given = union(dns.?zoneIds ?? {}, {})
var zoneIds = toObject(
  zoneNames,
  name => name,
  name => given[?name] ?? resourceId('Microsoft.Network/privateDnsZones', name)
)

module zones 'private-dns-zone.bicep' = [
  for name in zoneNames: if (!contains(given, name)) {
    params: {
      resourceToken: resourceToken
      tags: tags
      zoneName: name
      networkId: split(subnetId, '/subnets/')[0]
    }
  }
]

module endpoint 'private-endpoint.bicep' = [
  for target in endpoints: {
    params: {
      location: location
      resourceToken: resourceToken
      tags: tags
      targetId: target.targetId
      groupId: target.groupId
      subnetId: subnetId
      zoneIds: empty(zoneNames) ? [] : map(target.zones, name => zoneIds[name])
    }
    dependsOn: [zones]
  }
]
