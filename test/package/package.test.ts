import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { npm } from '../startup/npm-command.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { ip } from '../support/addresses.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';
import { compile, documentedPrograms, installPackage, nodes, type InstalledPackage } from './installed-package.ts';

const installTimeoutMs = 240_000;
const channel = 0x4001;
let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  for (const [name, program] of documentedPrograms()) writeFileSync(path.join(installed.project, name), program);
  for (const source of [
    new URL('./programs/surface.ts', import.meta.url),
    new URL('./programs/mistakes.ts', import.meta.url),
  ]) {
    cpSync(source, path.join(installed.project, path.basename(source.pathname)));
  }
  expect(await compile(installed.project)).toBe('');
}, installTimeoutMs);

afterAll(() => installed.remove());

/** Runs a compiled program of the project, in the environment of a terminal. */
function program(node: string, ...args: string[]): RunningProgram {
  return new RunningProgram(node, args, { cwd: installed.project });
}

function installedFile(...segments: string[]): string {
  return path.join(installed.project, 'node_modules', ...segments);
}

describe('the tarball', () => {
  test('holds compiled modules with their declarations, the configuration and the documents, and nothing else', () => {
    const kinds = installed.packed.map((file) => file.replace(/^server\/[a-z0-9/-]+(?=\.(?:d\.ts|js)$)/, 'server/*'));
    expect([...new Set(kinds)]).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'config/turnpike.example.yaml',
      'config/turnpike.schema.json',
      'package.json',
      'server/*.d.ts',
      'server/*.js',
      'server/contract/admin/openapi.json',
      'server/store/migrations/001-store.sql',
    ]);
    const modules = installed.packed.filter((file) => file.endsWith('.js'));
    expect(
      modules.map((file) => file.replace(/js$/, 'd.ts')).filter((file) => !installed.packed.includes(file)),
    ).toEqual([]);
  });

  test('names compiled files alone, in modules and in declarations', () => {
    const code = installed.packed.filter((file) => /\.(js|d\.ts)$/.test(file) && !file.endsWith('worker-entry.js'));
    const named = code.filter((file) =>
      /['"]\.[^'"\n]*(?<!\.d)\.ts['"]/.test(readFileSync(installedFile('turnpike', file), 'utf8')),
    );
    expect(code.length).toBeGreaterThan(100);
    expect(named).toEqual([]);
  });
});

describe('whoever installs it', () => {
  test('gets production packages alone, no Node.js and no script that runs', () => {
    const lock = JSON.parse(readFileSync(installedFile('.package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean; dev?: boolean }>;
    };
    const names = Object.keys(lock.packages).map((location) => location.replace(/^.*node_modules\//, ''));
    expect(names).toEqual(expect.arrayContaining(['fastify', 'pino', 'turnpike', 'typebox', 'yaml']));
    expect(
      names.filter((name) => /^(node|node-(?!addon-api$).*|node\d.*|@turnpike\/.*|typescript|vitest|stun)$/.test(name)),
    ).toEqual([]);
    expect(Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript === true)).toEqual([]);
    const manifest = JSON.parse(readFileSync(installedFile('turnpike', 'package.json'), 'utf8')) as object;
    expect(Object.keys(manifest)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(scripts|workspaces|devDependencies|optionalDependencies)$/)]),
    );
  });

  test('keeps the Node.js of the project: no `node` is put on the PATH of its scripts', async () => {
    expect(readdirSync(installedFile('.bin')).filter((name) => name.startsWith('node'))).toEqual([]);
    const outside = npm(['exec', '--', 'node', '-p', 'process.execPath'], { cwd: tempDir() });
    const inside = npm(['run', '--silent', 'which'], { cwd: installed.project });
    expect(await Promise.all([outside.end, inside.end])).toEqual(Array(2).fill({ code: 0, signal: null }));
    expect(inside.stdout).toBe(outside.stdout);
  });

  test('reaches its entries alone', async () => {
    const inner = program(process.execPath, '-e', "import('turnpike/server/app/appliance.js')");
    expect(await inner.end).toMatchObject({ code: 1 });
    expect(inner.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

test('turnpike/contract loads what a browser can: its own files, no package and nothing of Node.js', async () => {
  const listing = `import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      urls.push(resolved.url);
      return resolved;
    } });
    await import('turnpike/contract');
    console.log(urls.join(' '));`;
  const loading = program(process.execPath, '--input-type=module', '-e', listing);
  expect(await loading.end).toEqual({ code: 0, signal: null });
  const loaded = loading.output.trim().split(' ');
  expect(loaded).toEqual(expect.arrayContaining([expect.stringMatching(/\/config\/turnpike\.schema\.json$/)]));
  expect(loaded.filter((url) => !url.includes('/node_modules/turnpike/'))).toEqual([]);
});

describe.each(nodes())('under %s', (_, node) => {
  test('the program of docs/embedding.md, of under 40 lines, relays and ends by itself', async () => {
    const lines = (documentedPrograms().get('relay.ts') ?? '').split('\n').length;
    expect(lines).toBeLessThan(40);
    const running = program(node, 'relay.js');
    await running.seen(/iceServers at .*port: (\d+)/s);
    const [, port] = /iceServers at .*port: (\d+)/s.exec(running.stdout) ?? [];
    const { iceServers } = (await (
      await fetch(`http://127.0.0.1:${port ?? ''}`, { headers: { connection: 'close' } })
    ).json()) as RTCConfigurationLike;
    const { urls = [], username = '', credential = '' } = iceServers.at(-1) ?? {};
    const [alice, bob] = await Promise.all([
      TurnClient.overUdp(serverOf(urls, 'udp'), { username, password: credential }),
      TurnClient.overTcp(serverOf(urls, 'tcp'), { username, password: credential }),
    ]);
    onTestFinished(() => [alice, bob].forEach((client) => client.close()));
    const [fromAlice, fromBob] = [(await alice.allocate()).relayed, (await bob.allocate()).relayed];
    if (fromAlice === null || fromBob === null) throw new Error('no relay');
    await alice.bindChannel(channel, fromBob);
    await bob.bindChannel(channel, fromAlice);
    alice.sendChannel(channel, Buffer.from('hello'));
    expect(Buffer.from(await bob.nextMedia()).toString('latin1', 4, 9)).toBe('hello');
    bob.sendChannel(channel, Buffer.from('hello yourself'));
    expect(Buffer.from(await alice.nextMedia()).toString('latin1', 4)).toBe('hello yourself');

    running.signal('SIGTERM');
    await running.seen(/session [0-9a-f]+-2: .* came over tcp/);
    expect((await alice.refresh(0)).code).toBe(0);
    expect((await bob.refresh(0)).code).toBe(0);
    expect(await running.end).toEqual({ code: 0, signal: null });
    expect(running.stderr).toBe('');
    expect(running.stdout.match(/session \S+ has ended: released/g)).toHaveLength(2);
  });

  test('the other programs of docs/embedding.md do what they say', async () => {
    const testing = program(node, '--test', 'relay.test.js');
    const binding = program(node, 'binding.js');
    expect(await testing.end).toEqual({ code: 0, signal: null });
    expect(await binding.end).toEqual({ code: 0, signal: null });
    expect(binding.output).toBe('[2001:db8::1]:3478\n');
  });

  test('the program that uses every entry does', async () => {
    const surface = program(node, 'surface.js');
    expect(await surface.end).toEqual({ code: 0, signal: null });
    expect(surface.output).toBe('done\n');
  });

  test('flags of the embedding process are none of the relay thread', async () => {
    const code = `import { createTestAppliance } from 'turnpike/testing';
      await (await createTestAppliance()).stop();`;
    const preload = `data:text/javascript,${encodeURIComponent('console.log("preloaded")')}`;
    const evaluated = program(node, '--import', preload, '--input-type=module', '-e', code);
    expect(await evaluated.end).toEqual({ code: 0, signal: null });
    expect(evaluated.output).toBe('preloaded\n');
  });

  test('the command line serves until it is told to stop', async () => {
    const cli = installedFile('turnpike/server/cli/turnpike.js');
    const version = program(node, cli, 'version', '--json');
    expect(await version.end).toEqual({ code: 0, signal: null });
    const { version: own } = JSON.parse(readFileSync(installedFile('turnpike/package.json'), 'utf8')) as {
      version: string;
    };
    expect(JSON.parse(version.stdout)).toMatchObject({ version: own });
    const flags = [
      '--turn-listen',
      'udp://127.0.0.1:0',
      '--http-public',
      'null',
      '--http-admin',
      'null',
      '--turn-public-address',
      'none',
    ];
    const serving = program(node, cli, 'serve', ...flags, '--data-dir', path.join(tempDir(), 'data'));
    await serving.seen(/"event":"ready"/);
    serving.signal('SIGTERM');
    expect(await serving.end).toEqual({ code: 0, signal: null });
  });
});

test('the command is linked, and says which Node.js it needs when it has an older one', async () => {
  expect(existsSync(installedFile('.bin/turnpike'))).toBe(true);
  // The version is all that the command looks at; what would fail under an older one is not loaded.
  const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '24.6.1' } })";
  const preload = `data:text/javascript,${encodeURIComponent(older)}`;
  const refused = program(process.execPath, '--import', preload, installedFile('.bin/turnpike'), 'version');
  expect(await refused.end).toEqual({ code: 1, signal: null });
  expect(refused.output).toBe(`turnpike: Node.js 24.7 or newer is needed; ${process.execPath} is 24.6.1.\n`);
});

interface RTCConfigurationLike {
  readonly iceServers: readonly { readonly urls: string[]; readonly username?: string; readonly credential?: string }[];
}

function serverOf(urls: readonly string[], transport: 'udp' | 'tcp'): { ip: ReturnType<typeof ip>; port: number } {
  const url = urls.find((candidate) => candidate.endsWith(`?transport=${transport}`)) ?? '';
  const [, host = '', port = ''] = /^turn:([\d.]+):(\d+)\?/.exec(url) ?? [];
  return { ip: ip(host), port: Number(port) };
}
