import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStartArguments } from '../local/start/arguments.ts';
import { settingsSchema } from '../shared/settings.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(resolve(root, 'README.md'), 'utf8');
const settingsPage = readFileSync(resolve(root, 'docs/settings.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** The cells of the table under a heading, row by row, without the head. */
function tableUnder(heading: string, page = readme): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const codeIn = (cell: string | undefined): string => /`([^`]+)`/.exec(cell ?? '')?.[1] ?? '';

/** Where the headings of a page can be reached. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(globSync('{*.md,docs/*.md,local/*/README.md}', { cwd: root }))('%s', (file) => {
  const text = readFileSync(resolve(root, file), 'utf8');

  it('links only to files that are there, and to headings that they have', () => {
    const pictures = [...text.matchAll(/(?:src|srcset)="([^"]+)"/g)].map((match) => match[1] ?? '');
    const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map((match) => match[1] ?? '').concat(pictures);
    for (const link of links) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? resolve(root, file) : resolve(root, dirname(file), path);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8')), link).toContain(anchor);
    }
  });

  it('tells nobody to fetch this program from a registry, nor to put a key into an address', () => {
    expect(text).not.toMatch(/npx (?!--no )(?:-- )?backstamp\b/);
    expect(text).not.toMatch(/\w[?&]code=/);
  });

  it('gives `npm start` only words that it understands', () => {
    const calls = [...text.matchAll(/npm start -- ([^`\n]+)/g)].map((match) => (match[1] ?? '').trim().split(' '));
    for (const words of calls) expect(() => parseStartArguments(words)).not.toThrow();
  });
});

describe('README', () => {
  it('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter((link) => !existsSync(resolve(root, link.split('#')[0] ?? '')))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const named = [...readme.matchAll(/npm (?:run )?([a-z][a-z:]*)/g)].map((match) => match[1] ?? '');
    const builtIn = new Set(['ci', 'install']);
    expect(named).toContain('start');
    expect(named).toContain('test');
    expect(named.filter((name) => !builtIn.has(name) && !(name in scripts))).toEqual([]);
  });

  it('gives `npm start` only words that it understands', () => {
    const calls = [...readme.matchAll(/npm start -- ([^`\n]+)/g)].map((match) => (match[1] ?? '').split(' '));
    expect(calls.length).toBeGreaterThan(2);
    for (const words of calls) expect(() => parseStartArguments(words)).not.toThrow();
  });

  it('lists every setting of the program, with its default', () => {
    const rows = tableUnder('App settings', settingsPage);
    expect(rows.map(([name]) => codeIn(name)).sort()).toEqual(Object.keys(settingsSchema.shape).sort());
    for (const [name, given] of rows) {
      const field = settingsSchema.shape[codeIn(name) as keyof typeof settingsSchema.shape];
      const byDefault = field.safeParse(undefined).data;
      if (typeof byDefault === 'number') expect(given, codeIn(name)).toBe(String(byDefault));
    }
  });

  it('explains every Service Bus setting of host.json', () => {
    const host = JSON.parse(readFileSync(resolve(root, 'host.json'), 'utf8')) as {
      extensions: { serviceBus: Record<string, unknown> };
    };
    const explained = tableUnder('host.json', settingsPage).flatMap(([name]) =>
      [...(name ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]),
    );
    expect(Object.keys(host.extensions.serviceBus).filter((name) => !explained.includes(name))).toEqual([]);
  });

  it('names only folders that are there', () => {
    const folders = tableUnder('Where things are').map(([folder]) => codeIn(folder));
    expect(folders.filter((folder) => !existsSync(resolve(root, folder)))).toEqual([]);
  });
});
