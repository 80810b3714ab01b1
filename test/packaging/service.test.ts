import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeLayout } from '../../scripts/layout.ts';
import { planDescriptors } from '../../server/app/descriptors.ts';
import { ConfigSchema } from '../../server/contract/config.ts';
import { projectRoot } from '../startup/running-program.ts';
import { ip } from '../support/addresses.ts';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';
import { confinedUser, runConfined } from './confined.ts';
import { readService, servicePath, settingOf } from './unit-file.ts';

const installTimeoutMs = 120_000;
/** Installing gives files to root, and confining takes mounts: both are root's to do. */
const isRoot = process.getuid?.() === 0;
const unit = readService();

describe('the unit', () => {
  test('is exposed to 1.6 of 10 at most', () => {
    const report = analyze();
    const exposure = Number(/Overall exposure level for turnpike\.service: ([\d.]+)/.exec(report)?.[1]);
    expect(exposure).toBeLessThanOrEqual(1.6);
  });

  test('leaves nothing open that it does not give its reason for', () => {
    const checks = JSON.parse(analyze('--json=short')) as { name: string; set: boolean; exposure: string | null }[];
    const open = checks.filter(({ set, exposure }) => !set && Number(exposure) > 0).map(({ name }) => name);
    const text = readFileSync(servicePath, 'utf8');
    const unexplained = open.filter((name) => {
      const setting = name.replace(/=.*$/, '');
      const isLimited = unit.has(setting) && settingOf(unit, setting) !== 'no';
      return !isLimited && !text.includes(`\n#   ${setting}=`);
    });
    expect(open).toContain('PrivateNetwork=');
    expect(unexplained).toEqual([]);
  });

  test('waits longer for the end than the server drains', () => {
    const { default: drainS } = ConfigSchema.properties.drainSeconds as { readonly default?: number };
    expect(Number(settingOf(unit, 'TimeoutStopSec'))).toBeGreaterThanOrEqual(Number(drainS) + 10);
  });

  test('lets relays have all their ports in both families', () => {
    const relays = 2 * (65_535 - 49_152 + 1);
    expect(planDescriptors(relays, relays, Number(settingOf(unit, 'LimitNOFILE'))).warning).toBeUndefined();
  });

  test('does not start again what a wrong configuration has ended', () => {
    expect([settingOf(unit, 'Restart'), settingOf(unit, 'RestartPreventExitStatus')]).toEqual(['on-failure', '2']);
  });
});

describe.runIf(isRoot)('installed', () => {
  let directory: string;
  let destination: string;
  let madeConfiguration: string;
  const installed = (file: string): string => path.join(destination, file);

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'turnpike-service-'));
    // Others than root go through it.
    execFileSync('chmod', ['755', directory]);
    destination = path.join(directory, 'destination');
    await writeLayout(path.join(directory, 'layout'));
    install();
    madeConfiguration = readFileSync(installed('etc/turnpike/turnpike.yaml'), 'utf8');
    appendFileSync(installed('etc/turnpike/turnpike.yaml'), '# mine\n');
    // The second time is an upgrade.
    install();
  }, installTimeoutMs);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function install(): void {
    const script = path.join(projectRoot, 'systemd/install.sh');
    const env = { PATH: process.env.PATH, DESTDIR: destination };
    execFileSync(script, [path.join(directory, 'layout')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  test('it has nothing that systemd would complain about', () => {
    // The unit names the paths of a machine; here they lie below a directory.
    const copy = path.join(tempDir(), 'turnpike.service');
    writeFileSync(
      copy,
      readFileSync(installed('etc/systemd/system/turnpike.service'), 'utf8').replaceAll(
        '=/opt/',
        `=${destination}/opt/`,
      ),
    );
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
    expect([verified.status, verified.stdout, verified.stderr.replaceAll(/^.*[.](?!turnpike)\w+: .*\n/gm, '')]).toEqual(
      [0, '', ''],
    );
  });

  test('configuration and keys are for root to write, the server to read, and nobody else', () => {
    const group = /^turnpike:[^:]*:(\d+):/m.exec(readFileSync(installed('etc/group'), 'utf8'))?.[1];
    const rights = (file: string): string => {
      const { mode, uid, gid } = statSync(installed(file));
      return `${(mode & 0o777).toString(8)} ${uid} ${gid}`;
    };
    expect(rights('etc/turnpike')).toBe(`750 0 ${String(group)}`);
    expect(rights('etc/turnpike/tls')).toBe(`750 0 ${String(group)}`);
    expect(rights('etc/turnpike/turnpike.yaml')).toBe(`640 0 ${String(group)}`);
    expect(readFileSync(installed('etc/passwd'), 'utf8')).toMatch(/^turnpike:.*:\/var\/lib\/turnpike:.*nologin$/m);
  });

  test('the configuration that it made is complete, and an upgrade leaves a changed one as it is', () => {
    const file = installed('etc/turnpike/turnpike.yaml');
    const check = [path.join(destination, 'opt/turnpike/bin/turnpike'), 'check-config', '--config', file, '--json'];
    const shown = execFileSync('/bin/sh', check, { encoding: 'utf8', cwd: directory });
    expect(shown).toContain('"/var/lib/turnpike"');
    expect(madeConfiguration).toBe('dataDir: /var/lib/turnpike\n');
    expect(readFileSync(file, 'utf8')).toBe(`${madeConfiguration}# mine\n`);
    expect(statSync(installed('opt/turnpike.old/server/cli/turnpike.js')).isFile()).toBe(true);
  });

  test('confined as by the unit, it relays over UDP, TCP and TLS, takes a renewed certificate, drains and ends', async () => {
    const state = path.join(directory, 'state');
    mkdirSync(state, { mode: 0o700 });
    chownSync(state, confinedUser.uid, confinedUser.gid);
    const tls = path.join(directory, 'tls');
    mkdirSync(tls, { mode: 0o750 });
    chownSync(tls, 0, confinedUser.gid);
    const name = 'turn.example.org';
    const [first, renewed] = [makeCertificate({ names: [name] }), makeCertificate({ names: [name] })];
    renewWithCertbot(first, tls);
    // A port that takes the capability, on an address that nobody else's test takes.
    const address = `127.${process.pid % 200}.${(process.pid >> 8) % 200}.77`;
    const config = path.join(directory, 'turnpike.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        publicHost: name,
        turn: {
          listen: [`udp://${address}:0`, `tcp://${address}:0`, `tls://${address}:443`],
          users: [{ name: 'lab', password: 'correct horse battery staple' }],
        },
        tls: { certificate: path.join(tls, 'fullchain.pem'), key: path.join(tls, 'privkey.pem') },
        http: { public: `http://${address}:0`, admin: null },
      }),
    );
    const server = confined(['serve', '--config', config, '--data-dir', state], state);
    await server.seen(/"event":"ready"/);
    const ready = JSON.parse(/^\{.*"event":"ready".*$/m.exec(server.stdout)?.[0] ?? '') as Ready;
    const at = (transport: string): { ip: ReturnType<typeof ip>; port: number } => ({
      ip: ip(address),
      port: ready.turn.find((listener) => listener.transport === transport)?.port ?? 0,
    });
    const credential = { username: 'lab', password: 'correct horse battery staple' };
    const trust = { certificate: first.certificate, serverName: name };
    const udp = await TurnClient.overUdp(at('udp'), credential);
    const tcp = await TurnClient.overTcp(at('tcp'), credential);
    const secure = await TurnClient.overTls(at('tls'), credential, trust);
    const clients = [udp, tcp, secure];
    const allocated = await Promise.all(clients.map((client) => client.allocate()));
    expect(allocated.map(({ code }) => code)).toEqual([0, 0, 0]);
    const [here, there] = allocated.map(({ relayed }) => relayed ?? undefined);
    if (here === undefined || there === undefined) throw new Error('no relays');
    await udp.bindChannel(0x4001, there);
    await tcp.bindChannel(0x4001, here);
    udp.sendChannel(0x4001, Uint8Array.of(1, 2, 3, 4));
    expect([...(await tcp.nextMedia())]).toEqual([0x40, 0x01, 0, 4, 1, 2, 3, 4]);

    renewWithCertbot(renewed, tls);
    await server.seen(/"event":"certificate_renewed"/);
    const later = await TurnClient.overTls(at('tls'), credential, { ...trust, certificate: renewed.certificate });

    server.signal('SIGTERM');
    await server.seen(/"event":"draining"/);
    for (const client of clients) expect((await client.refresh(0)).code).toBe(0);
    for (const client of [...clients, later]) client.close();
    expect(await server.end).toEqual({ code: 0, signal: null });
  });

  test.each([
    ['change its own priority', "require('node:os').setPriority(5)", /EPERM|EACCES/],
    ['become another user', `process.setuid(${confinedUser.uid})`, /EPERM/],
    ['write beside its state', "require('node:fs').writeFileSync('../planted', '')", /EROFS/],
    ['write to a temporary directory', "require('node:fs').writeFileSync('/tmp/turnpike-planted', '')", /EROFS/],
    ["see other users' processes", "require('node:fs').readFileSync('/proc/1/status')", /ENOENT/],
    ['see more of /proc than processes', "require('node:fs').readFileSync('/proc/cmdline')", /ENOENT/],
    ['run a shell', "throw require('node:child_process').spawnSync('/bin/sh', ['-c', 'true']).error", /EACCES/],
    ['execute what it wrote', executeOwnFile, /EACCES/],
  ])('confined as by the unit, it cannot %s', async (_, code, refusal) => {
    const state = mkdtempSync(path.join(directory, 'state-'));
    chownSync(state, confinedUser.uid, confinedUser.gid);
    const program = confined(['-e', `${code}; console.log('it could')`], state);
    expect(await program.end).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(refusal);
    expect(program.stdout).toBe('');
  });

  /** `serve` runs the unit's program; `-e` another one, by its Node.js. */
  function confined(args: readonly string[], writable: string): ReturnType<typeof runConfined> {
    const layout = path.join(destination, 'opt/turnpike');
    const program = args[0] === 'serve' ? [path.join(layout, 'server/cli/turnpike.js'), ...args] : args;
    return runConfined(unit, program, { layout, writable });
  }
});

function analyze(...options: string[]): string {
  const args = ['security', '--offline=true', '--no-pager', ...options, servicePath];
  return execFileSync('systemd-analyze', args, { encoding: 'utf8' });
}

interface Ready {
  readonly turn: readonly { readonly transport: string; readonly port: number }[];
}

const executeOwnFile = `
  require('node:fs').writeFileSync('planted', '#!/opt/turnpike/bin/node', { mode: 0o755 });
  throw require('node:child_process').spawnSync('./planted').error;
`;

/** What certbot does after a renewal: its hook, run with the directory of the new files. */
function renewWithCertbot({ certificate, key }: TestCertificate, tls: string): void {
  const lineage = tempDir();
  writeFileSync(path.join(lineage, 'fullchain.pem'), certificate);
  writeFileSync(path.join(lineage, 'privkey.pem'), key);
  const env = { PATH: process.env.PATH, RENEWED_LINEAGE: lineage, TURNPIKE_TLS_DIR: tls };
  execFileSync(path.join(projectRoot, 'systemd/certbot-deploy-hook.sh'), { env });
}
