/**
 * `npm run build`: the package as others install it, in dist/package. Node refuses to strip types below node_modules, so it
 * holds the compiled server with its declarations; its manifest brings nothing but what the server runs with.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, runProgram } from './run-program.ts';

/** The oldest Node.js that the compiled package runs under. The clone's own `engines` speaks of the launcher. */
const oldestNode = '>=24.7';

/** Copied as they are. The schema of the configuration is written by the compiler, since the server imports it. */
const copiedFiles = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'config/turnpike.example.yaml',
  'server/store/migrations',
  'server/contract/admin/openapi.json',
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A build that failed; its message is what the compiler wrote. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Where `npm run build` puts the package. */
export const packageDirectory = path.join(projectRoot, 'dist', 'package');

/**
 * Writes the package into a directory, which is emptied before.
 * @throws BuildError when the sources do not compile
 */
export async function buildPackage(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const compiler = 'node_modules/typescript/bin/tsc';
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', directory];
  const { exitCode, output } = await runProgram(process.execPath, args, 'capture');
  if (exitCode !== 0) throw new BuildError(`the server does not compile:\n${output.trimEnd()}`);
  nameCompiledFiles(directory);
  for (const file of copiedFiles) cpSync(path.join(projectRoot, file), path.join(directory, file), { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as Manifest;
  writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify(packageManifest(manifest), null, 2)}\n`);
}

/** The compiler names compiled files in what runs, and leaves the sources' names in declarations. */
function nameCompiledFiles(directory: string): void {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter(({ name }) => name.endsWith('.d.ts'))) {
    const file = path.join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(/((?:from|import\() ?['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
}

/** The package's manifest: no scripts, no workspaces and no development packages, so that installing it runs and replaces nothing. */
function packageManifest(root: Manifest): unknown {
  const entries = Object.entries(root.exports).map(([name, source]) => {
    const compiled = source.replace(/\.ts$/, '.js');
    const types = source.replace(/\.ts$/, '.d.ts');
    return [name, compiled === source ? source : { types, default: compiled }] as const;
  });
  return {
    name: root.name,
    version: root.version,
    description: root.description,
    license: root.license,
    // The name is somebody else's in the public registry: npm refuses to publish under it.
    private: true,
    type: 'module',
    engines: { node: oldestNode },
    bin: { turnpike: './server/cli/turnpike.js' },
    exports: Object.fromEntries(entries),
    dependencies: root.dependencies,
  };
}

if (import.meta.main) {
  try {
    await buildPackage(packageDirectory);
    console.log(`wrote ${path.relative(process.cwd(), packageDirectory)}`);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
