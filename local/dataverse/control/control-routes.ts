import { z } from 'zod';
import { collect, type Engine } from '../engine.ts';
import { DataverseError } from '../errors.ts';
import { faultsSchema } from '../faults.ts';
import { tableDefinitionSchema } from '../metadata/table-definition.ts';
import type { Organisation } from '../organisation.ts';
import type { DataverseRequest, DataverseResponse } from '../request.ts';
import { settingsSchema } from '../settings.ts';
import { parseGuid } from '../store/guid.ts';
import { loadRows } from './load-rows.ts';

const userSchema = z.strictObject({
  privileges: z.union([z.literal('all'), z.array(z.string())]),
  disabled: z.boolean().optional(),
  businessUnit: z.string().optional(),
  securedColumns: z.array(z.string()).optional(),
  name: z.string().optional(),
  objectId: z.string().optional(),
});

const tablesSchema = z.union([tableDefinitionSchema.transform((one) => [one]), z.array(tableDefinitionSchema)]);

/** A component that uses a column, by the number of its kind: 60 is a form, 26 a view. */
const dependentsSchema = z.strictObject({ table: z.string(), column: z.string(), type: z.int(), id: z.string() });

/** Whether a request is for the control plane. */
export const isControl = (request: DataverseRequest): boolean =>
  new URL(request.url).pathname.startsWith('/__control/');

/**
 * The control plane: what tests and benchmarks do to the organisation behind its back. It needs no token, counts nowhere and
 * knows no limits. Faults are told as `{"error": …}` with status 400 or 404.
 */
export async function control(engine: Engine, request: DataverseRequest): Promise<DataverseResponse> {
  try {
    return answer(200, await perform(engine, request));
  } catch (error) {
    if (error instanceof z.ZodError) return answer(400, { error: z.prettifyError(error) });
    if (error instanceof SyntaxError) return answer(400, { error: `The body is not valid: ${error.message}` });
    if (error instanceof DataverseError) return answer(error.status, { error: error.message });
    throw error;
  }
}

async function perform(engine: Engine, request: DataverseRequest): Promise<unknown> {
  const [resource = '', name = ''] = new URL(request.url).pathname.slice('/__control/'.length).split('/');
  const body = async (): Promise<unknown> =>
    JSON.parse(typeof request.body === 'string' ? request.body : await collect(request.body));
  const { organisation } = engine;
  switch (`${request.method} ${name === '' ? resource : `${resource}/*`}`) {
    case 'POST tables':
      return { tables: tablesSchema.parse(await body()).map((definition) => organisation.define(definition).name) };
    case 'POST rows/*':
      return await loadRows(organisation, decodeURIComponent(name), request.body);
    case 'GET stats':
      return {
        ...engine.stats.report(organisation.tables(), engine.protection.inFlight, engine.protection.maxInFlight),
        process: ownUse(),
      };
    case 'POST stats/*':
      engine.stats.reset(organisation.tables());
      engine.protection.resetMaxInFlight();
      return {};
    case 'PUT application-users/*':
      return { systemuserid: engine.users.put({ clientId: guid(name) }, userSchema.parse(await body())) };
    case 'PUT users/*':
      return { systemuserid: engine.users.put({ userId: guid(name) }, userSchema.parse(await body())) };
    case 'POST dependents':
      return addDependents(organisation, dependentsSchema.parse(await body()));
    case 'POST faults':
      engine.faults.add(faultsSchema.parse(await body()));
      return {};
    case 'DELETE faults':
      engine.faults.clear();
      return {};
    case 'GET limits':
      return organisation.settings;
    case 'POST limits': {
      const changes = z.record(z.string(), z.unknown()).parse(await body());
      organisation.settings = settingsSchema.parse({ ...organisation.settings, ...changes });
      engine.protection.configure(organisation.settings);
      organisation.tellLanguage();
      return organisation.settings;
    }
    case 'POST reset':
      engine.reset();
      return {};
    default:
      throw new DataverseError(404, '', `The control plane has no '${request.method} ${resource}'.`);
  }
}

function addDependents(organisation: Organisation, { table, column, type, id }: z.infer<typeof dependentsSchema>) {
  const metadataId = organisation.table(table)?.columns.get(column)?.metadataId;
  if (metadataId === undefined) throw new DataverseError(404, '', `There is no column '${table}.${column}'.`);
  organisation.dependents.set(metadataId, [...(organisation.dependents.get(metadataId) ?? []), { type, id: guid(id) }]);
  return {};
}

/** What this process has used since it began, so that benchmarks can tell their own work from ours. */
function ownUse(): object {
  const { user, system } = process.cpuUsage();
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  return {
    cpuMs: Math.round((user + system) / 1000),
    rssMiB: mebibytes(process.memoryUsage.rss()),
    peakRssMiB: mebibytes(process.resourceUsage().maxRSS * 1024),
  };
}

function guid(text: string): string {
  const id = parseGuid(decodeURIComponent(text));
  if (id === undefined) throw new DataverseError(400, '', `'${text}' is not a GUID.`);
  return id;
}

const answer = (status: number, body: unknown): DataverseResponse => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
