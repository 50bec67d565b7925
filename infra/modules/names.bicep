// Names that more than one module needs, so that each can be known before anything is deployed.

@export()
@description('Names of the Service Bus entities; shared/contracts/queues.ts has the same.')
var entityNames = {
  unificationEvents: 'unification-events'
  linkTasks: 'link-tasks'
  linkingEvents: 'linking-events'
}

@export()
@description('Name of the function app.')
func appName(resourceToken string) string => 'func-backstamp-${resourceToken}'

@export()
@description('Name of the storage account; letters and digits only, 24 at most.')
func storageAccountName(resourceToken string) string => 'stbackstamp${resourceToken}'

@export()
@description('Name of the Service Bus namespace. Its tier cannot be changed, so a network that comes later brings another namespace.')
func serviceBusName(resourceToken string, isPrivate bool) string =>
  isPrivate ? 'sb-backstamp-private-${resourceToken}' : 'sb-backstamp-${resourceToken}'

@export()
@description('Name of the Application Insights resource.')
func applicationInsightsName(resourceToken string) string => 'appi-backstamp-${resourceToken}'

@export()
@description('Name of the Event Grid topic.')
func eventGridTopicName(resourceToken string) string => 'evgt-backstamp-${resourceToken}'

@export()
@description('Name of the scope that lets telemetry in from a network.')
func monitorScopeName(resourceToken string) string => 'ampls-backstamp-${resourceToken}'

@export()
@description('Container for events that could not be delivered.')
var undeliverableEvents = 'undeliverable-events'

@export()
@description('Name of the Event Hubs namespace of the diagnostic log.')
func eventHubsName(resourceToken string) string => 'evhns-backstamp-${resourceToken}'
