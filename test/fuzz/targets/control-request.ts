import { strict as assert } from 'node:assert';
import { parseControlRequest } from '../../../server/contract/control-request.ts';
import { maxCredentialTtlS, maxSubjectBytes } from '../../../server/contract/limits.ts';
import { mutateBytes } from '../engine/mutate-bytes.ts';
import type { FuzzTarget } from '../engine/target.ts';

const words = [
  '{"command":"ice",',
  '"ttlSeconds":',
  '"subject":"a"',
  '"health"',
  '"drain"',
  '[',
  '{"a":',
  '1e3',
  '-1',
  '"__proto__":',
];
const seeds = [
  '{"command":"health"}',
  '{"command":"drain"}',
  '{"command":"ice","ttlSeconds":60,"subject":"carol"}',
  '{"command":"ice","ttlSeconds":1e99,"subject":{}}',
  '{"command":"ice","ttlSeconds":"60","subject":7}',
  '{"command":"admin","method":"GET","path":"/apps/chat","query":{"limit":"5"}}',
  '{"command":"admin","method":"POST","path":"/apps/..%2f/keys","body":{"name":[]},"ifMatch":"\\"7\\""}',
  '{"command":"backup","file":"/srv/copy.db"}',
  '{"command":[[1]]}',
  '[]',
];

/** What a command on this host may be asked: any line is a request or a text that says why not. */
export const controlRequest: FuzzTarget = {
  name: 'control-request',
  // As much as the control socket takes.
  maxBytes: 64 * 1024,
  batch: 512,
  seeds: () => seeds.map((text) => new TextEncoder().encode(text)),
  mutate: (input, other, draw) =>
    mutateBytes(
      input,
      other,
      draw,
      words.map((word) => new TextEncoder().encode(word)),
    ),
  run(input, observe) {
    const request = parseControlRequest(parsedJson(input));
    if (typeof request === 'string') {
      assert(request !== '', 'a refusal says why');
      return;
    }
    assert(['health', 'drain', 'ice', 'admin', 'backup', 'setup-link'].includes(request.command));
    observe(request.command.length);
    if (request.command === 'backup') assert(request.file.startsWith('/'));
    if (request.command === 'admin') {
      // What a router reads is what was checked: no other resource, no query, no second path.
      assert.equal(new URL(`http://localhost/admin/v1${request.path}`).pathname, `/admin/v1${request.path}`);
    }
    if (request.command !== 'ice') return;
    const { ttlSeconds, subject } = request;
    assert(
      ttlSeconds === undefined || (Number.isInteger(ttlSeconds) && ttlSeconds > 0 && ttlSeconds <= maxCredentialTtlS),
    );
    assert(subject === undefined || new TextEncoder().encode(subject).length <= maxSubjectBytes);
  },
};

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
