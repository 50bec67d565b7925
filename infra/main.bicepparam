// What varies between installations. azd sets the AZURE_ variables; DATAVERSE_URL comes from
// `azd env set DATAVERSE_URL https://<organisation>.crm.dynamics.com`, or from the shell.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'production')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param dataverseUrl = readEnvironmentVariable('DATAVERSE_URL')
// Say in this file which tables are unified; the compiler checks its shape.
param unification = loadJsonContent('unification.json')
