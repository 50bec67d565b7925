// The unification set-up as an administrator writes it. The program checks the same shape again when it starts
// (shared/contracts/unification-setup.ts); a test holds the two equal.

@export()
@description('One table that takes part in unification.')
@sealed()
type sourceTable = {
  @description('Logical name of the Dataverse table, such as contact.')
  @minLength(1)
  @maxLength(128)
  table: string

  @description('Name of the data source in Customer Insights - Data.')
  @minLength(1)
  dataSource: string

  @description('Name of the table in Customer Insights - Data, which may differ from the logical name.')
  @minLength(1)
  entity: string

  @description('How Customer Insights ingests the table; only the two Dataverse connectors qualify.')
  connector: 'dataverse' | 'powerQueryDataverse' | 'other'

  @description('Primary key chosen in the unification step "Describe customer data".')
  @minLength(1)
  primaryKey: string

  @description('Root address of the Dataverse environment the table lives in, where it is not the linked one.')
  environmentUrl: string?
}

@export()
@description('A value of the ownership column.')
@minLength(1)
type ownedValue = string

@export()
@description('A business unit and the team that unification maps its customers to.')
@sealed()
type ownerTeam = {
  @description('Name of the business unit in Dataverse.')
  @minLength(1)
  businessUnit: string

  @description('Name of the team in that unit.')
  @minLength(1)
  team: string

  @description('Values of the ownership column whose profiles the team owns; where the app sees to owners.')
  @minLength(1)
  values: ownedValue[]?
}

@export()
@description('How the app sees to the owners of profiles, activities, segment memberships and measures.')
@sealed()
type ownershipSetup = {
  @description('Logical name of the column of the profile that tells the unit.')
  @minLength(1)
  @maxLength(128)
  column: string

  @description('Rows of other tables of Customer Insights that do not belong to the root unit: counted, or given to it.')
  otherTables: ('report' | 'correct')?
}

@export()
@description('How business units are kept apart.')
@sealed()
type businessUnitSetup = {
  @description('One team per business unit; checked by the doctor.')
  teams: ownerTeam[]?

  @description('What becomes of rows whose profile belongs to another unit than they do.')
  acrossUnits: ('link' | 'leaveUnlinked')?

  @description('Given where the app sees to owners.')
  ownership: ownershipSetup?
}

@export()
@description('What Customer Insights has no interface to tell: which tables are unified, and how.')
@sealed()
type unificationSetup = {
  @description('Whether the environment unifies individual consumers or business accounts.')
  environmentKind: 'individual' | 'business'

  @description('Where Customer Insights - Data writes its output.')
  output: 'dataverse' | 'ownDataLake'

  @description('Every source table, each once.')
  @minLength(1)
  tables: sourceTable[]

  @description('Given where Business unit data separation is on in Customer Insights - Data.')
  businessUnits: businessUnitSetup?
}
