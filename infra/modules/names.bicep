// Names that more than one module needs, so that each can be known before anything is deployed.

@export()
@description('Names of the Service Bus entities; shared/contracts/queues.ts has the same.')
var entityNames = {
  unificationEvents: 'unification-events'
  linkTasks: 'link-tasks'
  linkingEvents: 'linking-events'
}

@export()
@description('Name of the identity that hosts the app.')
func hostIdentityName(resourceToken string) string => 'id-backstamp-${resourceToken}'

@export()
@description('Name of the storage account; letters and digits only, 24 at most.')
func storageAccountName(resourceToken string) string => 'stbackstamp${resourceToken}'

@export()
@description('Name of the Service Bus namespace.')
func serviceBusName(resourceToken string) string => 'sb-backstamp-${resourceToken}'

@export()
@description('Name of the Application Insights resource.')
func applicationInsightsName(resourceToken string) string => 'appi-backstamp-${resourceToken}'

@export()
@description('Name of the Event Grid topic.')
func eventGridTopicName(resourceToken string) string => 'evgt-backstamp-${resourceToken}'

@export()
@description('Name of the Event Hubs namespace of the diagnostic log.')
func eventHubsName(resourceToken string) string => 'evhns-backstamp-${resourceToken}'
