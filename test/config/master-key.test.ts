import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../server/config/load.ts';
import { load, problemsOf, sourcesOf } from './given-config.ts';

const key = Uint8Array.from({ length: 32 }, (_, index) => 7 * index);
const base64 = Buffer.from(key).toString('base64');

describe('masterKey: 32 bytes, or auto', () => {
  test.each([
    ['auto', 'auto', null],
    ['base64', base64, key],
    ['base64 without its end', base64.replace('=', ''), key],
    ['base64url', Buffer.from(key).toString('base64url'), key],
    ['hexadecimal', Buffer.from(key).toString('hex'), key],
    ['hexadecimal in capitals', Buffer.from(key).toString('hex').toUpperCase(), key],
  ])('%s', async (_what, text, expected) => {
    expect((await load({ environment: { TURNPIKE_MASTER_KEY: text } })).resolved.masterKey).toEqual(expected);
  });

  test.each([
    ['31 bytes', Buffer.from(key).subarray(1).toString('base64')],
    ['33 bytes', Buffer.concat([key, key.subarray(0, 1)]).toString('base64')],
    ['31 bytes in hexadecimal', Buffer.from(key).subarray(1).toString('hex')],
    ['a sentence in which 43 letters are hidden', `${base64.slice(0, 20)} ${base64.slice(20)}`],
    ['a password', 'hidden-correct horse battery staple'],
    ['nothing', ' '],
  ])('%s is refused, and not repeated', async (_what, text) => {
    const found = await problemsOf({ masterKey: [text] });
    expect(found.map(({ message }) => message)).toEqual([
      'masterKey (flag --master-key): ******** does not hold 32 bytes in base64 or hexadecimal. Make one with "openssl rand -base64 32".',
    ]);
  });

  test('as a flag it is warned of', async () => {
    const { warnings } = await load({ flags: { masterKey: [base64] } });
    expect(warnings).toEqual([expect.stringMatching(/--master-key is shown to every user.*TURNPIKE_MASTER_KEY_FILE/)]);
  });
});

describe('the systemd credential turnpike-master-key', () => {
  const withCredential = (environment: Record<string, string> = {}) => {
    const sources = sourcesOf({ environment });
    writeFileSync(join(sources.cwd, 'turnpike-master-key'), `${base64}\n`, { mode: 0o400 });
    return { ...sources, environment: { ...environment, CREDENTIALS_DIRECTORY: sources.cwd } };
  };

  test('is read where nothing else names a key', async () => {
    const sources = withCredential();
    const { resolved, origins } = await loadConfig(sources);
    expect(resolved.masterKey).toEqual(key);
    expect(origins.get('masterKey')?.detail).toBe(
      `the systemd credential (${join(sources.cwd, 'turnpike-master-key')})`,
    );
  });

  test('gives way to the environment, and to a flag', async () => {
    const other = Buffer.from(key).reverse().toString('base64');
    const reversed = Uint8Array.from(key).reverse();
    expect((await loadConfig(withCredential({ TURNPIKE_MASTER_KEY: other }))).resolved.masterKey).toEqual(reversed);
    const flags = new Map([['masterKey' as const, [other]]]);
    expect((await loadConfig({ ...withCredential(), flags })).resolved.masterKey).toEqual(reversed);
  });

  test('of other services is none of ours', async () => {
    const sources = sourcesOf({});
    const environment = { CREDENTIALS_DIRECTORY: sources.cwd };
    expect((await loadConfig({ ...sources, environment })).resolved.masterKey).toBeNull();
  });
});
