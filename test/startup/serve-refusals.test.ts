import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { projectRoot, type RunningProgram } from './running-program.ts';
import { loopbackFlags, readyLine, serve } from './serving.ts';

const isRoot = process.getuid?.() === 0;

/** Whether a directory and all above it are open to every user. */
function everyoneMayEnter(directory: string): boolean {
  const open = (statSync(directory).mode & 0o005) === 0o005;
  const parent = path.dirname(directory);
  return open && (parent === directory || everyoneMayEnter(parent));
}

/** What a refused start leaves: one message for a person, no trace of the code, no server. */
async function expectRefusal(server: RunningProgram, code: number, says: readonly RegExp[]): Promise<void> {
  expect(await server.end).toEqual({ code, signal: null });
  expect(server.stderr.match(/^turnpike: /gm)).toHaveLength(1);
  expect(server.stderr).not.toMatch(/^ +at /m);
  for (const pattern of says) expect(server.stderr).toMatch(pattern);
  expect(server.output).not.toMatch(readyLine);
  expect(server.output).not.toMatch(/is serving/);
}

describe('a configuration that cannot work ends the start with exit code 2, before anything is touched', () => {
  test.each<[what: string, flags: string[], env: NodeJS.ProcessEnv, says: RegExp[]]>([
    ['a misspelt flag', ['--turn-relm=x'], {}, [/turn-relm/, /turn-realm/]],
    ['a misspelt variable', [], { TURNPIKE_TURN_RELM: 'x' }, [/TURNPIKE_TURN_RELM/]],
    ['an upside-down range', ['--turn-relay-ports=60000-50000'], {}, [/turn\.relayPorts/, /60000-50000/]],
    ['a range out of bounds', ['--turn-relay-ports=60000-70000'], {}, [/turn\.relayPorts/, /60000-70000/]],
    ['a malformed CIDR', ['--turn-peers-allow=10.0.0.0/33'], {}, [/turn\.peers\.allow/, /10\.0\.0\.0\/33/]],
    ['a malformed listener', ['--turn-listen=udp://nowhere'], {}, [/turn\.listen/, /udp:\/\/nowhere/]],
    [
      'an engine that there is not',
      ['--turn-engine=native'],
      {},
      [/turn\.engine/, /"native" is not a choice/, /auto, js\./],
    ],
    ['a negative number', ['--drain-seconds=-1'], {}, [/drainSeconds/, /-1/]],
  ])('%s', async (_, flags, env, says) => {
    const dataDir = path.join(tempDir(), 'data');
    await expectRefusal(serve([...loopbackFlags(dataDir), ...flags], { env }), 2, says);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('a wrong key in a file, by file and line', async () => {
    const directory = tempDir();
    const file = path.join(directory, 'turnpike.yaml');
    writeFileSync(file, 'turn:\n  realm: example.org\n  relaiPorts: 50000-51000\n');
    const server = serve([...loopbackFlags(path.join(directory, 'data')), `--config=${file}`]);
    await expectRefusal(server, 2, [/turnpike\.yaml:3/, /relaiPorts/, /relayPorts/]);
  });

  test('a file that is named and missing', async () => {
    await expectRefusal(serve(['--config=/nonexistent/turnpike.yaml']), 2, [/\/nonexistent\/turnpike\.yaml/]);
  });
});

describe('a host that refuses something ends the start with exit code 1', () => {
  test('a taken UDP port', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    await expectTaken('turn-listen', `udp://127.0.0.1:${socket.address().port}`, /turn\.listen/);
  });

  test.each([
    ['turn-listen', 'tcp', /turn\.listen/],
    ['http-public', 'http', /http\.public/],
  ])('a taken TCP port of %s', async (flag, scheme, key) => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    onTestFinished(() => void listener.close());
    await expectTaken(flag, `${scheme}://127.0.0.1:${(listener.address() as AddressInfo).port}`, key);
  });

  async function expectTaken(flag: string, url: string, key: RegExp): Promise<void> {
    const dataDir = tempDir();
    const server = serve([...loopbackFlags(dataDir).filter((each) => !each.includes(flag)), `--${flag}=${url}`]);
    await expectRefusal(server, 1, [key, new RegExp(url)]);
    expect(readdirSync(dataDir)).not.toContain('control.sock');
  }

  test('an address that this host does not have', async () => {
    const flags = [
      '--turn-listen=udp://192.0.2.1:3478',
      '--http-public=http://127.0.0.1:0',
      '--http-admin=http://127.0.0.1:0',
      `--data-dir=${tempDir()}`,
    ];
    await expectRefusal(serve(flags), 1, [/turn\.listen/, /192\.0\.2\.1/]);
  });

  test('a data directory below a file', async () => {
    const file = path.join(tempDir(), 'file');
    writeFileSync(file, '');
    await expectRefusal(serve(loopbackFlags(path.join(file, 'data'))), 1, [/dataDir|data directory/, /file\/data/]);
  });

  test.skipIf(isRoot && !everyoneMayEnter(projectRoot))('a data directory that may not be read', async () => {
    const dataDir = path.join(tempDir(), 'data');
    mkdirSync(dataDir);
    chmodSync(dataDir, 0);
    onTestFinished(() => chmodSync(dataDir, 0o700));
    // Root may read everything, so the server is somebody else then.
    const asNobody = isRoot ? { uid: 65_534 } : {};
    await expectRefusal(serve(loopbackFlags(dataDir), asNobody), 1, [/dataDir|data directory/, new RegExp(dataDir)]);
  });

  test('a data directory that another server has', async () => {
    const dataDir = tempDir();
    const first = serve(loopbackFlags(dataDir));
    await first.seen(readyLine);
    await expectRefusal(serve(loopbackFlags(dataDir)), 1, [new RegExp(dataDir)]);
    expect(first.hasEnded).toBe(false);
  });
});
