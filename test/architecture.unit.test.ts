import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/*
 * Who may import whom: a file knows files of its own folder and of those on lower floors. Folders on one floor know
 * nothing of each other.
 */
const floors: readonly (readonly string[])[] = [
  ['functions'],
  ['shared/services.ts'],
  ['shared/api'],
  ['shared/explanation'],
  ['shared/insight', 'shared/linking', 'shared/ownership', 'shared/segments'],
  ['shared/inspect', 'shared/passes'],
  ['shared/runs'],
  ['shared/customer-insights'],
  ['shared/dataverse', 'shared/messaging', 'shared/state'],
  ['shared/telemetry'],
  ['shared/settings.ts'],
  ['shared/contracts'],
  ['shared/counted.ts', 'shared/errors.ts', 'shared/odata-text.ts', 'shared/retry-policy.ts', 'shared/version.ts'],
];

const root = fileURLToPath(new URL('../', import.meta.url));

/** Product files, and the files of this project that each of them imports: types and what is loaded later too. */
const imports = new Map(
  ['functions', 'shared']
    .flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, importsOf(file)] as const),
);

function importsOf(file: string): string[] {
  const found = readFileSync(`${root}${file}`, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, path = '']) => normalize(join(dirname(file), path)));
}

const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.some((room) => isIn(file, room)));
const isIn = (file: string, room: string): boolean => file === room || file.startsWith(`${room}/`);
const shareRoom = (one: string, other: string): boolean =>
  floors.flat().some((room) => isIn(one, room) && isIn(other, room));

describe('the house', () => {
  it('has a floor for every file', () => {
    expect([...imports.keys()].filter((file) => floorOf(file) === -1)).toEqual([]);
    // And every floor has files: a room that was renamed may not vanish from the picture.
    const rooms = floors.flat().filter((room) => ![...imports.keys()].some((file) => isIn(file, room)));
    expect(rooms).toEqual([]);
  });

  it('has imports that go down only', () => {
    const wrong = [...imports].flatMap(([file, known]) =>
      known
        .filter((other) => !shareRoom(file, other) && !(floorOf(other) > floorOf(file)))
        .map((other) => `${file} imports ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no two files that import each other in a circle', () => {
    const done = new Set<string>();
    const circleFrom = (file: string, path: readonly string[]): readonly string[] | undefined => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      for (const other of done.has(file) ? [] : (imports.get(file) ?? [])) {
        const circle = circleFrom(other, [...path, file]);
        if (circle !== undefined) return circle;
      }
      done.add(file);
      return undefined;
    };
    const circles = [...imports.keys()].map((file) => circleFrom(file, []));
    expect(circles.find((circle) => circle !== undefined)).toBeUndefined();
  });
});
