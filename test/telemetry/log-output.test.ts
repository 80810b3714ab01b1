import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { LogOutput } from '../../server/telemetry/log-output.ts';

function outputTo(stream: Writable): { output: LogOutput; told: string[] } {
  const told: string[] = [];
  return { output: new LogOutput(stream, (cause) => told.push(cause)), told };
}

describe('a log that cannot be written harms nobody', () => {
  test('a reader that went away, a full disk: told once, later lines go nowhere', async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('write EPIPE')) });
    const { output, told } = outputTo(broken);
    for (let count = 0; count < 3; count++) {
      output.write('line\n');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual(['write EPIPE']);
    expect(broken.writableLength).toBe(0);
  });

  test('a reader that stands still: what waits is bounded', () => {
    const stalled = new PassThrough();
    const { output, told } = outputTo(stalled);
    const line = `${'x'.repeat(1023)}\n`;
    for (let count = 0; count < 4096; count++) output.write(line);
    expect(stalled.writableLength + stalled.readableLength).toBeLessThan(1_200_000);
    expect(told).toEqual(['its reader stands still']);
  });
});
