import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('a start loads nothing of OpenTelemetry: only an invocation does, where a receiver is named', async () => {
  const { metafile } = await build({
    absWorkingDir: join(import.meta.dirname, '..', '..'),
    entryPoints: ['functions/link-table.ts'],
    outdir: 'nowhere',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: ['@azure/functions-core'],
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const { outputs } = metafile;
  const atStart = new Set<string>();
  const follow = (file: string): void => {
    if (atStart.has(file)) return;
    atStart.add(file);
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') follow(path);
  };

  follow(Object.keys(outputs).find((file) => outputs[file]?.entryPoint === 'functions/link-table.ts') ?? '');

  const sources = (files: Iterable<string>) => [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  const isTelemetry = (source: string) => /@opentelemetry\/|monitor-opentelemetry/.test(source);
  expect(sources(atStart)).toContain('shared/telemetry/create-telemetry.ts');
  expect(sources(atStart).filter(isTelemetry)).toEqual([]);
  expect(sources(Object.keys(outputs)).filter(isTelemetry).length).toBeGreaterThan(50);
});
