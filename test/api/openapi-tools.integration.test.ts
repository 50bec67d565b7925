import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import SwaggerParser from '@apidevtools/swagger-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../shared/api/openapi.ts';
import { toSwagger } from '../../shared/api/swagger.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  ['3.1', openApiDocument()],
  ['2.0', toSwagger(openApiDocument(), 'contoso-backstamp.azurewebsites.net')],
] as const;

/** The tools that people read such documents with. */
describe.each(documents)('the document in OpenAPI %s', (version, document) => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backstamp-openapi-'));
    file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is valid for swagger-parser', async () => {
    await SwaggerParser.validate(structuredClone(document) as never);
  });

  it('is valid for redocly, without a warning', async () => {
    const cli = join(project, 'node_modules/@redocly/cli/bin/cli.js');
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' };
    const config = join(folder, 'redocly.yaml');
    // Health and the page refuse nobody, so they have no answer of that class.
    await writeFile(config, 'extends: [recommended]\nrules: { operation-4xx-response: off }\n');
    const args = [cli, 'lint', file, '--config', config, '--format', 'json'];
    const { stdout } = await run(process.execPath, args, { env, cwd: folder }).catch((error) => error);
    const { problems } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
      problems: { ruleId: string; message: string; location: { pointer?: string }[] }[];
    };
    expect(problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)).toEqual(
      [],
    );
  }, 60_000);

  it.runIf(version === '3.1')(
    'gives openapi-typescript a client whose types have names, and that compiles',
    async () => {
      // The generator prints with an older compiler than ours, which stands beside it.
      const client = join(project, 'test/api/client');
      const { default: generate, astToString } = await import(
        join(client, 'node_modules/openapi-typescript/dist/index.mjs')
      );
      await cp(join(client, 'use.ts'), join(folder, 'use.ts'));
      await writeFile(join(folder, 'generated.ts'), astToString(await generate(JSON.stringify(document))));
      await writeFile(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            strict: true,
            noEmit: true,
            module: 'nodenext',
            target: 'es2024',
            allowImportingTsExtensions: true,
            types: [],
          },
          include: ['*.ts'],
        }),
      );
      await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
      const compiled = await run(process.execPath, [
        join(project, 'node_modules/typescript/bin/tsc'),
        '-p',
        folder,
      ]).catch((error) => error);
      expect(compiled.stdout).toBe('');
    },
    60_000,
  );
});
