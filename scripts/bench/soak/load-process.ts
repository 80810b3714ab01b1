/**
 * The load of a soak, in a process of its own: it holds a descriptor for each client. Arguments: the server's port and TLS port
 * on 127.0.0.1, the PEM file of its certificate, the secret of the credentials, and for how many seconds clients arrive. Writes
 * its `LoadCounts` as one line of JSON every second, and a last one when everybody has left.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { placeCall } from './call.ts';
import { Census } from './census.ts';
import { EchoPeers } from './echo-peers.ts';
import { Callers, soakLoad, type SoakContext } from './soak-load.ts';
import { letStrangerIn } from './strangers.ts';

const reportEveryMs = 1000;
const stepMs = 20;

const [port = '', tlsPort = '', certificate = '', secret = '', seconds = ''] = process.argv.slice(2);
const endsAtMs = performance.now() + Number(seconds) * 1000;
const callers = new Callers(secret);
const context: SoakContext = {
  target: {
    port: Number(port),
    tlsPort: Number(tlsPort),
    trust: createSecureContext({ ca: readFileSync(certificate) }),
  },
  census: new Census(),
  peers: await EchoPeers.open(),
  isEnding: () => performance.now() >= endsAtMs,
};
const underWay = new Set<Promise<void>>();

function begin(visit: Promise<void>): void {
  underWay.add(visit);
  void visit.finally(() => underWay.delete(visit));
}

/** Begins as many visits as are due, however late this process was. */
function pace(perSecond: number, visit: () => void): (elapsedMs: number) => void {
  let begun = 0;
  return (elapsedMs) => {
    for (; begun < (elapsedMs / 1000) * perSecond; begun++) visit();
  };
}

function report(): void {
  process.stdout.write(`${JSON.stringify(context.census.counts)}\n`);
}

const calls = pace(soakLoad.arrivalsPerSecond / 2, () => {
  if (context.census.counts.live < soakLoad.mostLive) begin(placeCall(context, callers));
  else context.census.fail('a call left out, because too many were live');
});
const strangers = pace(soakLoad.strangersPerSecond, () => begin(letStrangerIn(context, callers)));

const reporting = setInterval(report, reportEveryMs);
const beganMs = performance.now();
while (!context.isEnding()) {
  calls(performance.now() - beganMs);
  strangers(performance.now() - beganMs);
  await delay(stepMs);
}
await Promise.all(underWay);
clearInterval(reporting);
context.peers.close();
report();
