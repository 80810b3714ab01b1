// A program that embeds an appliance, uses it and stops it: what it finds changed in its own process is all that it writes.
import { getCompileCacheDir } from 'node:module';
import { createTestAppliance } from '../../server/app/create-test-appliance.ts';
import { ip } from '../support/addresses.ts';
import { TurnClient } from '../support/turn-client.ts';

/** Everything of a process that a library could change for all others, as texts. */
function globals(): Map<string, string> {
  const events = [
    'SIGTERM',
    'SIGINT',
    'SIGHUP',
    'uncaughtException',
    'unhandledRejection',
    'warning',
    'exit',
    'worker',
  ];
  const all = [...new Set([...events, ...process.eventNames().map(String)])].sort();
  return new Map([
    ...all.map((name) => [`listeners of ${name}`, String(process.listenerCount(name))] as const),
    ['names', Object.getOwnPropertyNames(globalThis).sort().join()],
    ['environment', JSON.stringify(process.env)],
    ['title', process.title],
    ['exit code', String(process.exitCode)],
    ['compile cache', String(getCompileCacheDir())],
  ]);
}

const before = globals();
const appliance = await createTestAppliance({ http: { public: 'http://127.0.0.1:0' } });
await fetch(`${appliance.addresses?.http ?? ''}/livez`, { headers: { connection: 'close' } }).then((answer) =>
  answer.text(),
);
const [, turn] = appliance.issueIceServers({ subject: 'alice' }).iceServers;
const credential = { username: turn?.username ?? '', password: turn?.credential ?? '' };
const port = appliance.addresses?.listeners.find(({ transport }) => transport === 'tcp')?.port ?? 0;
const client = await TurnClient.overTcp({ ip: ip('127.0.0.1'), port }, credential);
const { code: allocateCode } = await client.allocate();
const after = globals();
const changed = [...after].filter(([name, value]) => before.get(name) !== value).map(([name]) => name);
await appliance.sessions();
client.close();
await appliance.stop();
// Node says that a server has closed within the turn in which it forgets its handle.
await new Promise((resolve) => setTimeout(resolve, 0));
// What would hold the process: sockets, threads, timers. Its output is not ours.
const held = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FS)/.test(name));
process.stdout.write(JSON.stringify({ allocateCode, changed, held }));
