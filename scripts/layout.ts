/**
 * `npm run layout`: everything that runs Turnpike on a Linux machine without npm, in one directory: the pinned Node.js, the
 * compiled server and its production packages. systemd/install.sh and the Dockerfile put it at /opt/turnpike.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { BuildError, buildPackage } from './build.ts';
import { projectRoot } from './run-program.ts';

interface LockedPackage {
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** A layout that cannot be made; the message says what to do. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

/** Finds Node.js and the server beside itself, wherever the layout lies and however the command is linked to. */
const command = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../server/cli/turnpike.js" "$@"
`;

/**
 * Writes the layout: `bin/node`, `bin/turnpike`, `server/`, `config/`, `node_modules/`. A layout that is there is replaced when
 * the new one is complete. All of it is readable for everybody, whatever the umask: others than its owner will run it.
 * @throws LayoutError when the directory holds something else, or something to copy is missing
 * @throws BuildError when the sources do not compile
 */
export async function writeLayout(directory: string): Promise<void> {
  const layout = path.resolve(directory);
  refuseOthers(layout);
  const runtime = pinnedRuntime();
  const unfinished = `${layout}.unfinished`;
  await buildPackage(unfinished);
  for (const location of productionPackages()) copyPackage(location, unfinished);
  mkdirSync(path.join(unfinished, 'bin'));
  const node = path.join(unfinished, 'bin/node');
  copyFileSync(path.join(runtime, 'bin/node'), node, constants.COPYFILE_FICLONE);
  copyFileSync(path.join(runtime, 'LICENSE'), path.join(unfinished, 'bin/node.LICENSE'));
  writeFileSync(path.join(unfinished, 'bin/turnpike'), command, { mode: 0o755 });
  openToReaders(unfinished);
  rmSync(layout, { recursive: true, force: true });
  renameSync(unfinished, layout);
}

/** What is replaced is deleted first: only a layout, or nothing, may stand there. */
function refuseOthers(layout: string): void {
  const about = lstatSync(layout, { throwIfNoEntry: false });
  if (about === undefined || (about.isDirectory() && (readdirSync(layout).length === 0 || isLayout(layout)))) return;
  throw new LayoutError(
    `${layout} holds something else, which would be deleted. Name a directory that is empty or missing.`,
  );
}

/**
 * Whether all is there that a layout runs by, each a file of its own. The command alone proves nothing: a directory for the
 * programs of a machine, such as /usr/local, may hold one of that name, or a link to it.
 */
function isLayout(directory: string): boolean {
  const parts = ['package.json', 'bin/node', 'bin/turnpike', 'server/cli/turnpike.js'];
  const files = parts.map((part) => path.join(directory, part));
  if (!files.every((file) => lstatSync(file, { throwIfNoEntry: false })?.isFile() === true)) return false;
  return packageName(directory) === packageName(projectRoot);
}

function packageName(directory: string): unknown {
  try {
    return (JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { readonly name?: unknown }).name;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The package that carries the pinned Node.js for this machine. */
function pinnedRuntime(): string {
  const name = `node-${process.platform}-${process.arch}`;
  const runtime = path.join(projectRoot, 'node_modules', name);
  if (process.platform !== 'linux') {
    throw new LayoutError(`a layout is for the Linux machine that it is made on; this one is ${process.platform}.`);
  }
  if (!existsSync(path.join(runtime, 'bin/node'))) {
    throw new LayoutError(`the package ${name} is not installed. Run: npm ci --include=optional`);
  }
  return runtime;
}

/**
 * Where the packages lie that the server runs with, in the versions of the lock file: what `npm ci --omit=dev --omit=optional`
 * would install. They are taken from node_modules, so that a layout needs no network.
 */
function productionPackages(): string[] {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  const locations = Object.entries(wanted).filter(
    ([, entry]) =>
      entry.integrity !== undefined &&
      !((entry.dev ?? false) || (entry.optional ?? false) || (entry.devOptional ?? false)),
  );
  for (const [location, { integrity }] of locations) {
    if (installed[location]?.integrity !== integrity) {
      throw new LayoutError(`${location} is not what package-lock.json asks for. Run: npm ci`);
    }
  }
  return locations.map(([location]) => location);
}

function readPackages(file: string): LockedPackages {
  return (JSON.parse(readFileSync(path.join(projectRoot, file), 'utf8')) as { packages: LockedPackages }).packages;
}

/** Copies one package. Those nested in it have locations of their own. */
function copyPackage(location: string, into: string): void {
  const source = path.join(projectRoot, location);
  const nested = path.join(source, 'node_modules');
  cpSync(source, path.join(into, location), { recursive: true, filter: (file) => file !== nested });
}

function openToReaders(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(file, 0o755);
    else chmodSync(file, (statSync(file).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

if (import.meta.main) {
  const directory = process.argv[2] ?? path.join(projectRoot, 'dist/turnpike');
  try {
    await writeLayout(directory);
    console.log(`wrote ${directory}`);
  } catch (error) {
    if (!(error instanceof BuildError || error instanceof LayoutError)) throw error;
    console.error(`layout: ${error.message}`);
    process.exitCode = 1;
  }
}
