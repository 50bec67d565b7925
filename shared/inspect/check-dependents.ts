import { profileTable } from '../customer-insights/names.ts';
import type { InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { Check } from './report.ts';

/** Columns that are asked for in one batch: its parts run one after another. */
const columnsPerBatch = 100;
/** A column among the kinds of components that Dataverse knows. */
const columnComponent = 2;

/** Kinds of components that use a column, by their numbers; others are told by theirs. */
const kinds: Readonly<Record<number, string>> = {
  10: 'relationship',
  24: 'form',
  26: 'view',
  29: 'process or flow',
  31: 'report',
  59: 'chart',
  60: 'form',
  61: 'web resource',
  66: 'control',
  80: 'app',
  92: 'plug-in step',
  300: 'canvas app',
};

/**
 * Columns of the profile that a form, a view or a flow uses. Unification cannot take such a column away: its next Merge
 * fails where the column is no longer part of it.
 */
export async function checkDependents(dataverse: InspectableDataverse, signal: AbortSignal): Promise<Check[]> {
  const path =
    `EntityDefinitions?$select=LogicalName&$filter=${encodeURIComponent(`LogicalName eq '${profileTable}'`)}` +
    '&$expand=Attributes($select=LogicalName,MetadataId,IsCustomAttribute)';
  const { value } = await dataverse.readObject(path, 'read the columns of the profile', signal);
  const [profile] = (value ?? []) as readonly { readonly Attributes?: readonly Row[] }[];
  const columns = (profile?.Attributes ?? []).filter(({ IsCustomAttribute }) => IsCustomAttribute === true);
  const [first, ...others] = columns;
  if (first === undefined) return [];
  const what = 'read what uses the columns of the profile';
  // One by itself: where it may not be asked, the others are not asked either.
  const answers = [await dataverse.readObject(dependentsPath(first), what, signal)];
  for (let at = 0; at < others.length; at += columnsPerBatch) {
    const paths = others.slice(at, at + columnsPerBatch).map(dependentsPath);
    for (const answer of await dataverse.readObjects(paths, what, signal)) {
      answers.push(isTerminalError(answer) ? {} : answer);
    }
  }
  return columns.flatMap(({ LogicalName }, at): Check[] => {
    const users = (answers[at]?.value ?? []) as readonly Row[];
    if (users.length === 0) return [];
    const named = users.map(
      ({ dependentcomponenttype: type, dependentcomponentobjectid: id }) =>
        `${kinds[Number(type)] ?? `component of kind ${String(type)}`} ${String(id)}`,
    );
    return [
      {
        code: 'profile-dependents',
        level: 'note',
        subject: `${profileTable}.${String(LogicalName)}`,
        finding: `${profileTable}.${String(LogicalName)} is used by ${[...new Set(named)].join(', ')}.`,
        remedy:
          'Before you take this field out of unification, take it out of what uses it: else the next Merge fails with "Detected DataVerse dependencies".',
      },
    ];
  });
}

const dependentsPath = ({ MetadataId }: Row): string =>
  `RetrieveDependenciesForDelete(ObjectId=${String(MetadataId)},ComponentType=${columnComponent})`;
