import { writeSync } from 'node:fs';
import { openStore } from '../../server/store/store.ts';
import { MonthlyQuotas } from '../../server/telemetry/monthly-quotas.ts';
import { UsageLedger } from '../../server/telemetry/usage-ledger.ts';
import { UsageWriter } from '../../server/telemetry/usage-writer.ts';

/**
 * A process that counts a byte each millisecond and writes what it has counted every 50 ms, to be killed at any time. After each write it prints how many
 * bytes it had counted when the write began.
 */
const [path = ''] = process.argv.slice(2);
const store = openStore({ path, masterKey: new Uint8Array(32).fill(7), nowMs: () => Date.now() });
const ledger = new UsageLedger();
const quotas = new MonthlyQuotas([], () => null, Date.now());
const writer = new UsageWriter({ store, ledger, quotas });
const owners = Array.from({ length: 1_000 }, (_, at) => ({ app: 'chat', subject: `subject ${at}`, transport: 'udp' }));
let counted = 0;

setInterval(() => {
  const owner = owners[counted % owners.length]!;
  ledger.addRelayed([[owner, { bytesUp: 1, bytesDown: 0, packetsUp: 1, packetsDown: 0, drops: 0 }]], 1000, Date.now());
  quotas.add('app', 'chat', 1);
  counted += 1;
}, 1);

for (;;) {
  const before = counted;
  await writer.flush();
  writeSync(1, `${before}\n`);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
