/**
 * Restores the Bicep compiler as a NuGet package, with dotnet and whatever NuGet sources the machine is set up for, and
 * prints the compiler's path. Run again, it only prints.
 *
 *     node infra/scripts/restore-bicep.ts
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const packageId = 'Azure.Bicep.CommandLine.linux-x64';
const version = '0.49.2';
const folder = join(import.meta.dirname, '..', '.bicep');
const packageFolder = join(folder, packageId.toLowerCase(), version);
const compiler = join(packageFolder, 'tools', 'bicep');
// NuGet writes this file last: before it is there, another process may still be unpacking the compiler.
const completionMark = join(packageFolder, '.nupkg.metadata');

// A project that compiles nothing: it names one package to download, in one exact version.
const project = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="${packageId}" Version="[${version}]" />
  </ItemGroup>
</Project>
`;

const run = promisify(execFile);

/** Whether `dotnet` can be called on this machine. */
export async function hasDotnet(): Promise<boolean> {
  return run('dotnet', ['--version']).then(
    () => true,
    () => false,
  );
}

/**
 * The path of the Bicep compiler, restored if it is not there yet.
 * @throws Error when this is not Linux on x64, or `dotnet restore` fails; the message carries what it printed.
 */
export async function restoreBicep(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`The compiler is restored for linux-x64; this is ${process.platform}-${process.arch}.`);
  }
  if (await isRestored()) return compiler;
  await mkdir(folder, { recursive: true });
  const workFolder = await mkdtemp(join(tmpdir(), 'restore-bicep-'));
  try {
    const projectFile = join(workFolder, 'compiler.csproj');
    await writeFile(projectFile, project);
    await run('dotnet', ['restore', projectFile, '--packages', folder]).catch((error: { stdout?: string }) => {
      throw new Error(`dotnet could not restore ${packageId} ${version}: ${error.stdout?.trim() || String(error)}`);
    });
    // NuGet leaves the file executable for its owner only, and on some systems for nobody.
    await chmod(compiler, 0o755);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
  return compiler;
}

const isRestored = (): Promise<boolean> =>
  Promise.all([access(completionMark), access(compiler, constants.X_OK)]).then(
    () => true,
    () => false,
  );

if (import.meta.main) console.log(await restoreBicep());
