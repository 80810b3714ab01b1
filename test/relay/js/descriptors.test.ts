import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('./open-relays-until-failure.ts', import.meta.url));

test.skipIf(process.platform === 'win32')(
  'when the descriptors run out relays fail with no-descriptors, singly and in pairs, and open again once one is free',
  async () => {
    const { stdout } = await promisify(execFile)('/bin/sh', [
      '-c',
      'ulimit -n 64 && exec "$0" "$1"',
      process.execPath,
      program,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      first: 'no-descriptors',
      pairWithoutAny: 'no-descriptors',
      pairWithOne: 'no-descriptors',
      afterwards: 'opened',
    });
  },
);
