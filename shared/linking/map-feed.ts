import type { Dataverse } from '../dataverse/dataverse.ts';
import type { FeedKind } from '../state/link-states.ts';
import { type ChangeFeed, openFeed } from './change-feed.ts';
import { mapColumns, mapSelect } from './names.ts';
import type { TableContext } from './prepare.ts';

/** The feed of the given kind for a table's part of the map. */
export function openMapFeed(kind: FeedKind, dataverse: Dataverse, context: TableContext, pageSize: number): ChangeFeed {
  // `contains`, and rows without a name: stray blanks stand around some names, and some rows have the identifier alone.
  // What belongs to another table after all is passed over when it is read.
  const name = context.source.entity.replaceAll("'", "''");
  const source = {
    entitySetName: context.map.entitySetName,
    // A feed may offer fewer columns than the reference lists; the primary id comes always.
    select: mapSelect.filter((column) => column !== mapColumns.id),
    filter: `(contains(${mapColumns.entity},'${name}') or ${mapColumns.entity} eq null)`,
  };
  return openFeed(kind, dataverse, source, pageSize);
}
