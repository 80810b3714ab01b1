// Uses something of every entry, as a strict program would: what is wrong with a declaration does not compile.
import { once } from 'node:events';
import { createAppliance, ConfigError, EnvironmentError, version } from 'turnpike';
import type { ApplianceEvents, CreateApplianceOptions, EmbeddedAppliance, Logger, Session } from 'turnpike';
import { configSchema, errorCatalogue, maxLiveSecrets, type Config, type SchemaNode } from 'turnpike/contract';
import { StreamFramer, decodeMessage, verifyIntegrity, longTermKey, type Message } from 'turnpike/stun';
import { createTestAppliance } from 'turnpike/testing';
import { TurnServer, changesOf, staticUser } from 'turnpike/turn';
import type { Action, Client, CredentialChange, ForwardingPlane, ListenerId } from 'turnpike/turn';
import manifest from 'turnpike/package.json' with { type: 'json' };

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const logger: Logger = console;
check(typeof logger.info === 'function' && version === manifest.version, 'version');
const options: CreateApplianceOptions = {
  turn: { listen: ['udp://127.0.0.1:0', false], realm: undefined },
  http: false,
  dataDir: false,
};
{
  await using appliance: EmbeddedAppliance = createAppliance(options);
  const tell = (...[session]: ApplianceEvents['sessionStarted']): void => console.log(session.id);
  appliance.on('sessionStarted', tell).off('sessionStarted', tell);
  check(appliance.addresses === null, 'nothing is open before the start');
}
try {
  createAppliance({ drainSeconds: -1 });
  check(false, 'a negative drainSeconds is taken');
} catch (error) {
  check(error instanceof ConfigError && error.problems[0]?.code === 'config_impossible_value', 'ConfigError');
}

const first = await createTestAppliance();
const listener = first.addresses?.listeners.find(({ transport }) => transport === 'udp');
const second = createAppliance({ turn: { listen: [`udp://127.0.0.1:${listener?.port}`], publicAddress: 'none' } });
const failure: unknown = await second.start().catch((error: unknown) => error);
check(failure instanceof EnvironmentError && failure.code === 'port_taken', 'EnvironmentError');
const sessions: readonly Session[] = await first.sessions();
check(sessions.length === 0, 'sessions');
const stopped = once(first, 'stopped');
await first.stop({ drainMs: 100 });
await stopped;

const config: Config['turn']['realm'] = 'example.org';
const codes: ReadonlyMap<string, { readonly exitCode: number }> = new Map(Object.entries(errorCatalogue));
const limits: readonly number[] = [maxLiveSecrets];
const turn: SchemaNode | undefined = configSchema.properties?.turn;
check(turn?.type === 'object' && limits[0] === 8 && codes.get('port_taken')?.exitCode === 1, config);

const server = new TurnServer({
  realm: 'example.org',
  nonceKey: new Uint8Array(32),
  relayPorts: { first: 49_152, last: 65_535 },
  relaysTotal: 0,
  channelRange: 'rfc8656',
  defaultAddressFamily: 'ipv4',
  strictExpiry: false,
  alternateServers: [],
  peers: { allow: [], deny: [] },
  limits: {
    allocationsPerUser: 0,
    allocationsPerAddress: 0,
    allocationsTotal: 0,
    permissionsPerAllocation: 0,
    channelsPerAllocation: 0,
    bitsPerSecondPerAllocation: 0,
    bitsPerSecondPerUser: 0,
  },
  capabilities: { dontFragment: false, icmp: false },
  backoff: null,
  randomUint32: () => 4,
  randomBytes: (length) => new Uint8Array(length),
});
const users = [staticUser('alice', 'example.org', 'wonderland')];
const changes: CredentialChange[] = [
  { kind: 'reset', realm: 'example.org' },
  ...changesOf({ apps: [], users, bans: [] }),
  { kind: 'complete' },
];
for (const [index, change] of changes.entries()) {
  check(server.handleCredentials({ sequence: index + 1, change }, 0) === 'applied', 'credentials');
}
const ip = { family: 4, w0: 0x7f000001, w1: 0, w2: 0, w3: 0 } as const;
const client: Client = {
  transport: 'udp',
  listener: 1 as ListenerId,
  local: { ip, port: 3478 },
  remote: { ip, port: 50_000 },
};
// A Binding request of RFC 8489 section 5: 20 bytes.
const request = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
server.handleClientMessage(request, client, 0);
const action: Action | undefined = server.nextAction();
const answer: Message | string = action?.kind === 'send' ? decodeMessage(action.bytes) : 'nothing was sent';
check(typeof answer !== 'string' && answer.messageClass === 'success', 'Binding');
if (typeof answer !== 'string') {
  check(!verifyIntegrity(answer, longTermKey('md5', 'alice', 'example.org', 'wonderland'), 'sha1'), 'unsigned');
}
const framer = new StreamFramer({ maxFrameBytes: 1_500, channelRange: 'rfc8656' });
framer.push(request, (frame) => check(frame.length === request.length, 'framing'));
const planeMethods: readonly (keyof ForwardingPlane)[] = ['openRelay', 'permitPeer', 'bindChannel'];
check(planeMethods.length === 3, 'plane');
console.log('done');
