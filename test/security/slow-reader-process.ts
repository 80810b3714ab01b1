/**
 * A client on TCP with a relay, which is stopped (SIGSTOP) so that it reads nothing. Argument: the server's address and port,
 * the peer to permit, name and password. Writes its relay's port; when it is continued, how its Refresh was answered.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ip } from '../support/addresses.ts';
import { PatientClient, relayedAddresses } from './patient-client.ts';

const [host = '', port = '', peer = '', username = '', password = ''] = process.argv.slice(2);
const client = await PatientClient.overTcp({ ip: ip(host), port: Number(port) }, { username, password });
let frames = 0;
client.onMedia = () => void (frames += 1);
const [relay] = relayedAddresses(await client.allocate());
await client.permit({ ip: ip(peer), port: 9 });
process.once('SIGCONT', () => {
  void client.refresh(600).then(({ code }) => process.stdout.write(`${JSON.stringify({ code, frames })}\n`));
});
process.stdout.write(`${JSON.stringify({ relayPort: relay?.port })}\n`);
await delay(120_000);
