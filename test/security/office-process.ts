/**
 * Everyone of a large office behind one NAT, in a process of its own: it holds a descriptor for each allocation.
 * Arguments: the server's address and port, the address that all call from, and the secret of their credentials.
 * Writes an `OfficeReport` as one line of JSON when the last client has been answered or has given up.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { restPassword, restUsername } from '../../server/credentials/rest-username.ts';
import { formatTransportAddress } from '../../server/stun/ip-text.ts';
import { ip } from '../support/addresses.ts';
import { office, type OfficeReport } from './office.ts';
import { PatientClient, relayedAddresses, type Credential } from './patient-client.ts';

const [host = '', port = '', localIp = '', secret = ''] = process.argv.slice(2);
const server = { ip: ip(host), port: Number(port) };
const expiresAtS = Math.floor(Date.now() / 1000) + 3600;

const outcomes = { right: new Map<string, number>(), wrong: new Map<string, number>() };
const relayed = new Set<string>();

/** Everybody has a subject of his own, so that no quota is shared. */
function credentialOf(client: number): Credential {
  const username = restUsername(expiresAtS, `desk-${client}`);
  return { username, password: restPassword(Buffer.from(secret), username) };
}

async function allocateOnce(credential: Credential, tries: number, counts: Map<string, number>): Promise<void> {
  const client = await PatientClient.overUdp(server, credential, localIp);
  for (let attempt = 0; attempt < tries; attempt++) {
    const answer = await client.allocate();
    const code = String(answer.code);
    counts.set(code, (counts.get(code) ?? 0) + 1);
    for (const address of relayedAddresses(answer)) relayed.add(formatTransportAddress(address));
  }
}

/** Both allocations at once, as a browser makes them. Who has the wrong password does not believe it at first. */
async function callFrom(client: number): Promise<void> {
  const credential = credentialOf(client);
  const isWrong = client % office.oneWrongIn === 0;
  const given = isWrong ? { ...credential, password: `${credential.password}!` } : credential;
  const counts = isWrong ? outcomes.wrong : outcomes.right;
  const tries = isWrong ? office.triesWithWrongPassword : 1;
  const allocations = Array.from({ length: office.allocationsPerClient }, () => allocateOnce(given, tries, counts));
  await Promise.all(allocations);
}

// Nobody waits for a colleague to be served before he begins.
const startedMs = performance.now();
const calls: Promise<void>[] = [];
for (let client = 0; client < office.clients; client++) {
  const dueMs = startedMs + (client / office.clients) * office.arrivalMs;
  const earlyMs = dueMs - performance.now();
  if (earlyMs > 1) await delay(earlyMs);
  calls.push(callFrom(client));
}
await Promise.all(calls);

const report: OfficeReport = {
  right: Object.fromEntries(outcomes.right),
  wrong: Object.fromEntries(outcomes.wrong),
  relayedAddresses: relayed.size,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
