/** Writes until it is killed: each change, once it is acknowledged, is a line on standard output. */
import { writeSync } from 'node:fs';
import { openStore } from '../../server/store/store.ts';

const [path = '', firstText = '0'] = process.argv.slice(2);
const store = openStore({ path, masterKey: new Uint8Array(32).fill(7), nowMs: () => Date.now() });
const fields = { expiresAtMs: null, allocations: null, bitsPerSecond: null, bytesPerMonth: null };
const keys = { md5Key: new Uint8Array(16), sha256Key: new Uint8Array(32) };

for (let number = Number(firstText); ; number++) {
  const name = `user-${number}`;
  store.mutate({ kind: 'local' }, (record) => {
    store.turnUsers.create(name, 'realm', keys, fields);
    record({ action: 'turn-user.create', target: `turn-user/${name}`, before: null, after: fields });
  });
  writeSync(1, `${number}\n`);
}
