import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { writeToken } from '../dataverse/security/token.ts';
import { callStandIn, putApplicationUser } from './control-plane.ts';
import type { LinkTruth } from './organisation.ts';

/** A row whose link is not what it must be. Instead of a profile's id: null, no link; `absent`, no such row. */
export interface WrongLink {
  readonly id: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** How the links of one table compare with the truth. */
export interface LinkCheck {
  readonly table: string;
  /** Rows that there must be, or are. */
  readonly rows: number;
  readonly right: number;
  /** The first twenty of the others. */
  readonly wrong: readonly WrongLink[];
}

/** Reads in a name of its own, so that neither the requests nor their limits are counted as the product's. */
const verifierClientId = '6f1d0b7e-52c8-4e0c-9f0e-8d3a54a1c2b9';
const linkColumn = 'msdynci_lookupfield_customerprofile';
const mostReported = 20;

const metadataSchema = z.object({
  EntitySetName: z.string(),
  PrimaryIdAttribute: z.string(),
  Attributes: z.array(z.object({ LogicalName: z.string() })),
});

const pageSchema = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  '@odata.nextLink': z.string().optional(),
});

type Get = (path: string) => Promise<unknown>;

/** A reader that waits whenever a service protection limit asks it to. */
const createGet = (url: string): Get => {
  const audience = new URL(url).origin;
  return async (path) => {
    for (;;) {
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${writeToken(verifierClientId, audience, Date.now() + 3_600_000)}`,
        prefer: 'odata.maxpagesize=5000',
        // Past the caches, which may not know a new column for up to 30 seconds.
        consistency: 'Strong',
      };
      const response = await callStandIn(url, path, { headers }, [429]);
      if (response.status !== 429) return response.json();
      await response.arrayBuffer();
      await sleep(Number(response.headers.get('retry-after') ?? 1) * 1000);
    }
  };
};

/** Every row's link as Dataverse has it now; where the column was never made, no row has one. */
async function* linksIn(
  get: Get,
  table: string,
): AsyncGenerator<{ readonly id: string; readonly found: string | null }> {
  const { EntitySetName, PrimaryIdAttribute, Attributes } = metadataSchema.parse(
    await get(
      `/api/data/v9.2/EntityDefinitions(LogicalName='${table}')?$select=EntitySetName,PrimaryIdAttribute` +
        `&$expand=Attributes($select=LogicalName;$filter=LogicalName eq '${linkColumn}')`,
    ),
  );
  const linkProperty = `_${linkColumn}_value`;
  const select = Attributes.length === 0 ? PrimaryIdAttribute : `${PrimaryIdAttribute},${linkProperty}`;
  for (let next: string | undefined = `/api/data/v9.2/${EntitySetName}?$select=${select}`; next !== undefined; ) {
    const page: z.infer<typeof pageSchema> = pageSchema.parse(await get(next));
    for (const row of page.value) {
      const link = row[linkProperty];
      yield { id: String(row[PrimaryIdAttribute]), found: typeof link === 'string' ? link : null };
    }
    next = page['@odata.nextLink'];
  }
}

async function checkTable(get: Get, table: string, truth: LinkTruth): Promise<LinkCheck> {
  const expected = new Map<string, string | null>();
  for (const { id, profileId } of truth.truth(table)) expected.set(id, profileId);
  const wrong: WrongLink[] = [];
  let rows = 0;
  let right = 0;
  const compare = (link: WrongLink) => {
    rows++;
    if (link.expected === link.found) right++;
    else if (wrong.length < mostReported) wrong.push(link);
  };
  for await (const { id, found } of linksIn(get, table)) {
    const profileId = expected.get(id);
    expected.delete(id);
    compare({ id, expected: profileId === undefined ? 'absent' : profileId, found });
  }
  for (const [id, profileId] of expected) compare({ id, expected: profileId, found: 'absent' });
  return { table, rows, right, wrong };
}

/**
 * Reads back the link of every source row over the Web API and compares it with the truth: right are those links
 * that lead where they must, and the empty ones of rows without a profile. A missing or surplus row is wrong.
 * @param url root of the stand-in.
 */
export async function verifyLinks(url: string, truth: LinkTruth): Promise<LinkCheck[]> {
  await putApplicationUser(url, verifierClientId, 'all');
  const get = createGet(url);
  const checks: LinkCheck[] = [];
  for (const { table } of truth.sourceTables) checks.push(await checkTable(get, table, truth));
  return checks;
}
