import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type TestContext } from 'vitest';
import type { RunningProgram } from '../startup/running-program.ts';
import { commandLine, readyLine } from '../startup/serving.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { TurnCredential } from '../support/turn-client.ts';
import { LabHost, type LabAllocation } from './lab-host.ts';
import { connect, namespacesOf, type Namespace } from './namespaces.ts';

const vmAddress = '11.22.0.1';
const clientAddress = '11.22.0.100';
const password = 'correct horse battery staple';
/** What a ban may take to reach a session (SECURITY.md 9). */
const banReachesMs = 2_000;

/** A bare virtual machine: a namespace with one address, a directory, and nobody who could open a browser. */
class Machine {
  readonly directory = tempDir();
  readonly #namespace: Namespace;

  constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /** Starts the server with nothing but its data directory, and waits until it is ready. */
  async serve(): Promise<RunningProgram> {
    const program = this.#namespace.start([commandLine, 'serve', '--data-dir', this.#dataDir]);
    await program.seen(readyLine);
    return program;
  }

  /** Runs a command line, words separated by single spaces; gives standard output, and fails when the command does. */
  turnpike(line: string): Promise<string> {
    const words = line.split(' ').map((word) => word.replace('~', this.directory));
    return this.#namespace.exec(process.execPath, commandLine, ...words, '--data-dir', this.#dataDir);
  }

  /** The same for machines. */
  async json(line: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.turnpike(`${line} --json`)) as Record<string, unknown>;
  }

  /** What a program on this machine is answered over HTTP. */
  async http(method: string, url: string, headers: object, body: object): Promise<{ status: number; body: unknown }> {
    const request = { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
    const script =
      `fetch(${JSON.stringify(url)}, ${JSON.stringify(request)})` +
      '.then(async (answer) => console.log(JSON.stringify({ status: answer.status, body: await answer.json() })))';
    return JSON.parse(await this.#namespace.exec(process.execPath, '-e', script)) as { status: number; body: unknown };
  }

  get #dataDir(): string {
    return join(this.directory, 'data');
  }
}

async function bareMachine(context: TestContext): Promise<{ machine: Machine; clients: LabHost }> {
  const addNamespace = await namespacesOf(context);
  const namespace = await addNamespace('vm');
  const neighbour = await addNamespace('clients');
  await connect(
    { namespace, device: 'eth0', addresses: [`${vmAddress}/24`] },
    { namespace: neighbour, device: 'eth0', addresses: [`${clientAddress}/24`] },
  );
  return { machine: new Machine(namespace), clients: await LabHost.start(neighbour) };
}

/** The credential in a document of `POST /v1/ice-servers`, or of `turnpike ice`. */
function credentialIn(document: unknown): TurnCredential {
  const { iceServers } = document as { iceServers: { username?: string; credential?: string }[] };
  const server = iceServers.find(({ username }) => username !== undefined);
  return { username: server?.username ?? '', password: server?.credential ?? '' };
}

/** Whether a session relays: what it sends is heard by a peer, and what that sends back arrives. */
async function relays(allocation: LabAllocation, clients: LabHost, text: string): Promise<boolean> {
  const peer = await clients.openPeer(clientAddress);
  expect(await allocation.permit(peer)).toBe(0);
  await allocation.send(peer, text);
  expect((await clients.nextHeard()).text).toBe(text);
  return (await allocation.nextMedia()).text === text;
}

test(
  'runbook: from a bare machine to a served application, by commands alone',
  { timeout: 120_000 },
  async (context) => {
    const { machine, clients } = await bareMachine(context);
    writeFileSync(join(machine.directory, 'owner-password'), `${password}\n`, { mode: 0o600 });

    // 1. Before the first start: is anything in the way?
    expect(await machine.turnpike('doctor')).toMatch(/^0 problems, \d+ warnings?\.$/m);

    // 2. Start it. Nothing is configured.
    const server = await machine.serve();
    expect(server.output).toContain(`stun:${vmAddress}:3478`);
    expect(await machine.turnpike('health')).toMatch(/^ok: Turnpike /);

    // 3. An owner for the console, without a browser.
    expect(await machine.turnpike('admin create ada --password-file ~/owner-password')).toBe('Made the owner ada.\n');
    expect(await machine.turnpike('admin list')).toMatch(/^ada +owner /m);
    const origin = 'http://127.0.0.1:8081';
    const signIn = { username: 'ada', password };
    expect(await machine.http('POST', `${origin}/admin/v1/sign-in`, { origin }, signIn)).toMatchObject({
      status: 200,
      body: { account: { username: 'ada', role: 'owner' } },
    });

    // 4. An app, whose credentials live for four hours at most.
    expect(await machine.turnpike('app create chat --default-ttl 1h --longest-ttl 4h')).toMatch(
      /^Made the app chat\.$/m,
    );
    expect(await machine.turnpike('app list')).toMatch(/^chat +chat +enabled +0 /m);

    // 5. A key for its back end, which asks for a credential with it.
    const key = (await machine.turnpike('key create chat backend --quiet')).trimEnd();
    const asked = { subject: 'alice' };
    const url = 'http://127.0.0.1:8080/v1/ice-servers';
    const issued = await machine.http('POST', url, { authorization: `Bearer ${key}` }, asked);
    expect(issued.status).toBe(201);
    const ofAlice = credentialIn(issued.body);
    expect(ofAlice.username).toMatch(/^\d{10}:chat\.[a-z2-7]{8}\/alice$/);
    expect(await machine.turnpike(`explain ${ofAlice.username}`)).toMatch(/^accepted +yes$/m);

    // 6. Alice calls.
    const alice = await clients.allocate('udp', vmAddress, ofAlice);
    expect(await relays(alice, clients, 'hello')).toBe(true);
    expect(await machine.turnpike('session list --app chat')).toMatch(/^\S+ +chat\/alice +udp 11\.22\.0\.100:\d+ /m);

    // 7. Rotate the secret: the new one is printed once, the old one is accepted for another day.
    const rotated = await machine.json('secret rotate chat --overlap 24h');
    expect(rotated).toMatchObject({ secret: { state: 'active', issues: true }, retiring: [{ liveSessions: 1 }] });
    const [{ id: oldSecret }] = rotated.retiring as [{ id: string }];
    expect(await machine.turnpike('secret list chat')).toMatch(new RegExp(`^${oldSecret} +retiring +\\d{4}-`, 'm'));
    // No session has ended, what was issued before still opens one, and what is issued now does too.
    expect(await relays(alice, clients, 'still here')).toBe(true);
    const again = await clients.allocate('tcp', vmAddress, ofAlice);
    expect(await relays(again, clients, 'again')).toBe(true);
    const ofBob = credentialIn(await machine.json('ice --app chat --subject bob'));
    const bob = await clients.allocate('udp', vmAddress, ofBob);
    expect(await relays(bob, clients, 'bob')).toBe(true);
    const sessions = await machine.json(`session list --secret ${oldSecret}`);
    expect(sessions.total).toBe(2);

    // 8. Ban Alice: her sessions end within two seconds, and Bob's go on.
    const banned = machine.turnpike('ban add chat/alice --for 2h --reason complaints');
    expect(await banned).toMatch(
      /^Banned chat\/alice until .*Z, as ban [a-z2-7]{8}\. 2 sessions end within two seconds\.$/m,
    );
    const bannedAtMs = performance.now();
    await expect
      .poll(async () => (await machine.json('session list --app chat')).total, { timeout: banReachesMs, interval: 50 })
      .toBe(1);
    const peer = await clients.openPeer(clientAddress);
    expect(await alice.permit(peer)).toBe(437);
    expect(performance.now() - bannedAtMs).toBeLessThan(banReachesMs);
    await expect(clients.allocate('udp', vmAddress, ofAlice)).rejects.toThrow(/was answered (?!0 )\d{3}/);
    expect(await relays(bob, clients, 'undisturbed')).toBe(true);
    expect(await machine.turnpike('ban list')).toMatch(/^\S+ +chat\/alice +\S+ \S+ +\S+ \S+ +local +complaints$/m);

    // 9. Who did that? And a copy of it all.
    const log = await machine.json('audit list --actor local');
    expect((log.lines as { action: string }[]).map(({ action }) => action)).toEqual([
      'ban.create',
      'secret.retire',
      'secret.create',
      'key.create',
      'secret.create',
      'app.create',
      'account.create',
    ]);
    expect(await machine.turnpike('backup ~/turnpike.db')).toContain('Copied the database to');

    // 10. Stopped, the same commands work on the database, and the backup can be put back.
    expect(await machine.turnpike('session end --app chat')).toBe('Ended 1 session.\n');
    expect(await machine.turnpike('drain')).toMatch(/^Draining: 0 sessions are open\./);
    expect((await server.end).code).toBe(0);
    expect(await machine.turnpike('ban remove chat/alice')).toMatch(/^Lifted the ban \S+ of chat\/alice\.$/m);
    expect(await machine.turnpike('ban list')).toBe('Nobody is banned.\n');
    expect(await machine.turnpike('restore ~/turnpike.db')).toMatch(/^The one before is .*turnpike\.db\.replaced-/m);
    expect(await machine.turnpike('ban list')).toMatch(/chat\/alice/);
  },
);
