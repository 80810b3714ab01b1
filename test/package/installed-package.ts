import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildPackage } from '../../scripts/build.ts';
import { terminalEnvironment } from '../startup/npm-command.ts';
import { projectRoot } from '../startup/running-program.ts';

const run = promisify(execFile);

/** A project of somebody else's, outside the repository, that has installed the packed package. */
export interface InstalledPackage {
  /** The project's directory. */
  readonly project: string;
  /** Every file that the tarball holds, sorted. */
  readonly packed: readonly string[];
  /** Removes everything. */
  readonly remove: () => void;
}

/** As strict as a project can be, its dependencies' declarations included. */
const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
};

const manifest = {
  name: 'embedder',
  private: true,
  type: 'module',
  scripts: { which: 'node -p process.execPath' },
};

/** Builds, packs and installs the package as docs/embedding.md says. */
export async function installPackage(): Promise<InstalledPackage> {
  const directory = mkdtempSync(path.join(tmpdir(), 'turnpike-package-'));
  const project = path.join(directory, 'embedder');
  const built = path.join(directory, 'package');
  const env = terminalEnvironment();
  await mkdir(project);
  await buildPackage(built);
  const pack = await run('npm', ['pack', built, '--json', '--pack-destination', directory], { cwd: directory, env });
  const { filename, files } = packResult(pack.stdout);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...quiet, path.join(directory, filename)], { cwd: project, env });
  // The project's own development package, which is ours as well.
  await mkdir(path.join(project, 'node_modules', '@types'));
  symlinkSync(path.join(projectRoot, 'node_modules/@types/node'), path.join(project, 'node_modules/@types/node'));
  const packed = files.map((file) => file.path).sort();
  return { project, packed, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What `npm pack --json` printed: a list, or in later versions an object by package name. */
function packResult(json: string): { filename: string; files: { path: string }[] } {
  const parsed = JSON.parse(json) as Record<string, { filename: string; files: { path: string }[] }>;
  const [result] = Object.values(parsed);
  if (result === undefined) throw new Error(`npm pack said nothing of a package: ${json}`);
  return result;
}

/** What the compiler says of a project's sources: nothing, when they are right. They are compiled beside themselves. */
export async function compile(project: string): Promise<string> {
  const compiler = path.join(projectRoot, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [compiler, '-p', '.'], { cwd: project });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** The programs of docs/embedding.md by the names that stand above them. */
export function documentedPrograms(): Map<string, string> {
  const text = readFileSync(path.join(projectRoot, 'docs/embedding.md'), 'utf8');
  const blocks = text.matchAll(/^<!-- ([\w.-]+) -->\n```ts\n(.*?)^```$/gms);
  return new Map([...blocks].map(([, name = '', program = '']) => [name, program]));
}

/** The Node.js versions that the package is tested with: the pinned one, and 24 where it is packaged. */
export function nodes(): [name: string, binary: string][] {
  const pinned: [string, string] = ['the pinned Node.js', process.execPath];
  try {
    const older = createRequire(import.meta.url).resolve('node24-linux-x64/package.json');
    return [pinned, ['Node.js 24', path.join(path.dirname(older), 'bin/node')]];
  } catch {
    return [pinned];
  }
}
