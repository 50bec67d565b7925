import type { TableDefinition } from './table-definition.ts';

type Columns = TableDefinition['columns'];
type ColumnKind = Columns[number]['type'];

/** Several columns of one type. */
const of = (type: ColumnKind, ...names: string[]): Columns => names.map((logicalName) => ({ logicalName, type }));

const lookup = (logicalName: string, target: string, relationshipName?: string): Columns => [
  { logicalName, type: 'Lookup', targets: [target], ...(relationshipName && { relationshipName }) },
];

const system = (schemaName: string, primaryName: string, columns: Columns, more: Partial<TableDefinition> = {}) =>
  ({
    logicalName: schemaName.toLowerCase(),
    schemaName,
    primaryName,
    tableType: 'Standard',
    ownership: 'OrganizationOwned',
    changeTracking: false,
    bulk: false,
    columns: [{ logicalName: primaryName, type: 'String' }, ...columns],
    ...more,
  }) satisfies TableDefinition;

/** Tables that keep people, units and roles belong to a unit; columns can be added to them, the role's alone excepted. */
const ofUnits = { ownership: 'BusinessOwned' } as const;
/** The platform's own: nobody's rows, and closed to new columns. */
const closed = { ownership: 'None', canCreateAttributes: false, isCustomizable: false } as const;
const closedToColumns = { ownership: 'UserOwned', canCreateAttributes: false } as const;

/** The tables every organisation has, as far as linking, ownership and checking what an update fires need them. */
export const builtInTables: readonly TableDefinition[] = [
  system(
    'Organization',
    'name',
    [
      ...of('Integer', 'expirechangetrackingindays'),
      ...of('Memo', 'orgdborgsettings'),
      ...of('Integer', 'languagecode'),
    ],
    closed,
  ),
  system(
    'BusinessUnit',
    'name',
    [
      ...lookup('parentbusinessunitid', 'businessunit', 'business_unit_parent_business_unit'),
      ...of('Boolean', 'isdisabled'),
    ],
    ofUnits,
  ),
  system(
    'SystemUser',
    'fullname',
    [
      ...of('String', 'domainname', 'internalemailaddress'),
      ...of('Uniqueidentifier', 'applicationid', 'azureactivedirectoryobjectid'),
      ...of('Boolean', 'isdisabled'),
      ...lookup('businessunitid', 'businessunit', 'business_unit_system_users'),
    ],
    ofUnits,
  ),
  system(
    'Team',
    'name',
    [
      ...of('Picklist', 'teamtype'),
      ...of('Boolean', 'isdefault'),
      ...lookup('businessunitid', 'businessunit', 'business_unit_teams'),
    ],
    ofUnits,
  ),
  system(
    'Role',
    'name',
    [
      ...lookup('businessunitid', 'businessunit', 'business_unit_roles'),
      ...lookup('parentrootroleid', 'role', 'role_parent_root_role'),
      ...of('Uniqueidentifier', 'roletemplateid'),
    ],
    { ...ofUnits, canCreateAttributes: false },
  ),
  system('Privilege', 'name', [...of('Integer', 'accessright')], closed),
  system('SdkMessage', 'name', [], closed),
  system(
    'SdkMessageFilter',
    'name',
    [
      ...of('String', 'primaryobjecttypecode', 'secondaryobjecttypecode'),
      ...lookup('sdkmessageid', 'sdkmessage', 'sdkmessageid_sdkmessagefilter'),
    ],
    closed,
  ),
  system(
    'SdkMessageProcessingStep',
    'name',
    [
      ...of('Memo', 'filteringattributes', 'description', 'configuration'),
      ...of('Picklist', 'stage', 'mode', 'invocationsource'),
      ...of('Integer', 'rank', 'customizationlevel'),
      ...of('Boolean', 'canbebypassed', 'asyncautodelete', 'ismanaged'),
      ...of('ManagedProperty', 'ishidden', 'iscustomizable'),
      ...of('Uniqueidentifier', 'plugintypeid', 'eventhandler'),
      ...lookup('sdkmessageid', 'sdkmessage', 'sdkmessageid_sdkmessageprocessingstep'),
      ...lookup('sdkmessagefilterid', 'sdkmessagefilter', 'sdkmessagefilterid_sdkmessageprocessingstep'),
    ],
    closed,
  ),
  system(
    'Workflow',
    'name',
    [
      ...of('Picklist', 'category', 'mode', 'type', 'scope', 'createstage', 'updatestage', 'deletestage', 'runas'),
      ...of('String', 'uniquename', 'primaryentity'),
      ...of('Memo', 'triggeronupdateattributelist', 'description'),
      ...of('Boolean', 'triggeroncreate', 'triggerondelete', 'ondemand', 'ismanaged', 'asyncautodelete', 'subprocess'),
      ...lookup('activeworkflowid', 'workflow', 'workflow_active_workflow'),
      ...lookup('sdkmessageid', 'sdkmessage', 'sdkmessageid_workflow'),
    ],
    closedToColumns,
  ),
  system(
    'CallbackRegistration',
    'name',
    [
      ...of('String', 'entityname', 'sdkmessagename'),
      ...of('Picklist', 'message', 'scope', 'runas', 'version'),
      ...of('Integer', 'softdeletestatus'),
      ...of('Memo', 'filteringattributes', 'filterexpression', 'url'),
    ],
    closedToColumns,
  ),
  system('AsyncOperation', 'name', [...of('Picklist', 'operationtype')], closedToColumns),
];

/** Messages that a table may support; the two bulk ones only where the table has bulk operations. */
export const rowMessages = ['Create', 'Update', 'Delete', 'Retrieve', 'RetrieveMultiple', 'Assign'] as const;
export const bulkMessages = ['CreateMultiple', 'UpdateMultiple'] as const;

/** Privileges that belong to no table. */
export const otherPrivileges: readonly { readonly name: string; readonly id?: string }[] = [
  { name: 'prvBypassCustomBusinessLogic', id: '0ea552b0-a491-4470-9a1b-82068deccf66' },
  { name: 'prvBypassCustomPlugins', id: '148a9eaf-d0c4-4196-9852-c3a38e35f6a1' },
  { name: 'prvActOnBehalfOfAnotherUser' },
  { name: 'prvReadEntity' },
  { name: 'prvReadAttribute' },
  { name: 'prvReadRelationship' },
  { name: 'prvCreateAttribute' },
  { name: 'prvCreateRelationship' },
  { name: 'prvDeleteRelationship' },
  { name: 'prvWriteEntity' },
  { name: 'prvPublishCustomization' },
  { name: 'prvReadSdkMessageProcessingStepImage' },
  { name: 'prvReadPluginAssembly' },
  { name: 'prvReadPluginType' },
  { name: 'prvReadSharePointData' },
  { name: 'prvWriteSharePointData' },
  { name: 'prvCreateSharePointData' },
  { name: 'prvReadSharePointDocument' },
];

/** Access rights of a table's privileges, with their names in metadata and their bits in `accessright`. */
export const accessRights = [
  { right: 'Read', bit: 1 },
  { right: 'Write', bit: 2 },
  { right: 'Append', bit: 4 },
  { right: 'AppendTo', bit: 16 },
  { right: 'Create', bit: 32 },
  { right: 'Delete', bit: 65_536 },
  { right: 'Share', bit: 262_144 },
  { right: 'Assign', bit: 524_288 },
] as const;
