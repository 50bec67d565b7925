// One installation is one folder of environments/, named in AZURE_ENV_NAME: azd sets it, others export it. Whatever
// differs between installations stands in that folder, so none can be deployed with another's address.
using 'main.bicep'

var name = readEnvironmentVariable('AZURE_ENV_NAME')

param environmentName = name
param location = readEnvironmentVariable('AZURE_LOCATION')
param settings = loadJsonContent('environments/${name}/settings.json')
param unification = loadJsonContent('environments/${name}/unification.json')
// The address of a webhook is as good as a key, so it comes from the shell or from a store of secrets, as JSON by name.
param alertWebhooks = json(readEnvironmentVariable('ALERT_WEBHOOKS', '{}'))
