/** Microsoft's own parser and analyser of KQL, knowing the tables that Application Insights writes to a workspace. */
// The library is compiled from C#: its runtime first, then the language, both leave themselves in the global scope.
import '@kusto/language-service-next/bridge.js';
import '@kusto/language-service-next';

interface List<T> {
  readonly Count: number;
  getItem(index: number): T;
}
interface KustoCode {
  GetDiagnostics(): List<{ readonly Severity: string; readonly Message: string }>;
  readonly ResultType: { readonly Columns?: List<{ readonly Name: string }> } | null;
}
interface GlobalState {
  WithDatabase(database: object): GlobalState;
}
interface KustoLanguage {
  readonly GlobalState: { readonly Default: GlobalState };
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: GlobalState): KustoCode };
  readonly Symbols: {
    // The constructors that take (name, schema, description) and (name, members).
    readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string, description: null) => object };
    readonly DatabaseSymbol: { readonly ctor: new (name: string, members: readonly object[]) => object };
  };
}

/** The columns that our queries may use, of the tables as Azure Monitor documents them. */
const tables: Readonly<Record<string, string>> = {
  AppMetrics:
    '(TimeGenerated: datetime, Name: string, Sum: real, Min: real, Max: real, ItemCount: int, Properties: dynamic, AppRoleName: string, AppRoleInstance: string, OperationId: string)',
  AzureMetrics:
    '(TimeGenerated: datetime, ResourceProvider: string, Resource: string, MetricName: string, Average: real, Maximum: real, Minimum: real, Total: real, Count: real)',
  AppTraces:
    '(TimeGenerated: datetime, Message: string, SeverityLevel: int, ItemCount: int, Properties: dynamic, AppRoleName: string, OperationId: string)',
  AppExceptions:
    '(TimeGenerated: datetime, ExceptionType: string, OuterMessage: string, SeverityLevel: int, ItemCount: int, Properties: dynamic, AppRoleName: string, OperationId: string)',
  AppRequests:
    '(TimeGenerated: datetime, Name: string, Success: bool, DurationMs: real, ResultCode: string, ItemCount: int, Properties: dynamic, AppRoleName: string, OperationId: string)',
};

const { Language } = (globalThis as unknown as { Kusto: { Language: KustoLanguage } }).Kusto;
const { TableSymbol, DatabaseSymbol } = Language.Symbols;
const workspace = new DatabaseSymbol.ctor(
  'workspace',
  Object.entries(tables).map(([name, schema]) => new TableSymbol.$ctor7(name, schema, null)),
);
const globals = Language.GlobalState.Default.WithDatabase(workspace);

const toArray = <T>(list: List<T>): T[] => Array.from({ length: list.Count }, (_, index) => list.getItem(index));

/** What is wrong with a query, and the columns it answers with. */
export function analyse(query: string): { faults: string[]; columns: string[] } {
  const code = Language.KustoCode.ParseAndAnalyze(query, globals);
  return {
    faults: toArray(code.GetDiagnostics()).map(({ Severity, Message }) => `${Severity}: ${Message}`),
    columns: code.ResultType?.Columns ? toArray(code.ResultType.Columns).map(({ Name }) => Name) : [],
  };
}
