import { expect, test } from 'vitest';
import { figuresOf, runCoturnClient, startCoturnPeer } from './coturn-client.ts';
import { startOpenAppliance } from './open-appliance.ts';
import { administer } from '../support/administer.ts';
import { eventually } from '../support/appliance.ts';

const value = 'a secret that a back end shares, long enough';
/** Four sessions of 200 messages, one every 40 ms: they take eight seconds. */
const pace = ['-m', '4', '-n', '200', '-l', '100', '-z', '40'];
/** It holds two allocations a session while it runs, and leaves every other one to run out. */
const heldByOne = 8;
/** SECURITY.md 9. */
const endsWithinMs = 2_000;

test(
  "SECURITY.md 9: a rotation loses coturn's client no message and refuses it no credential; a revocation ends its sessions within 2 s",
  { timeout: 90_000 },
  async () => {
    const { running, server } = await startOpenAppliance({ channelRange: 'rfc5766', secrets: [] });
    const { appliance } = running;
    const live = (): number => appliance.sessions.length;
    const peer = await startCoturnPeer('127.0.0.1');
    const flags = ['-u', 'interop', '-c', '-e', '127.0.0.1', '-r', String(peer), ...pace];
    const withSecret = (secret: string) => runCoturnClient(server('udp', '127.0.0.1'), ['-W', secret, ...flags]);

    const { secret: old } = await administer<Made>(running, 'POST', '/apps/default/secrets', { value });
    const first = withSecret(value);
    await eventually('the first client relays', () => live() === heldByOne, 20_000);
    const { value: next } = await administer<Made>(running, 'POST', '/apps/default/secrets/rotate', {});
    const second = withSecret(value);
    for (const run of [await first, await second]) {
      expect(run.exitCode, run.output).toBe(0);
      expect(figuresOf(run.output)).toMatchObject({ sent: 800, received: 800, lost: 0 });
    }

    await administer(running, 'POST', '/sessions/end', { app: 'default' });
    const fourth = withSecret(next);
    await eventually('the client of the new secret relays', () => live() === heldByOne, 20_000);
    const third = withSecret(value);
    await eventually('the client of the old secret relays', () => live() === 2 * heldByOne, 20_000);
    const revokedAtMs = performance.now();
    const revoked = await administer(running, 'POST', `/apps/default/secrets/${old.id}/revoke`);
    expect(revoked).toEqual({ sessionsEnding: heldByOne });
    await eventually('the sessions of the revoked secret have ended', () => live() === heldByOne, endsWithinMs);
    expect(performance.now() - revokedAtMs).toBeLessThan(endsWithinMs);
    expect(figuresOf((await fourth).output)).toMatchObject({ sent: 800, received: 800, lost: 0 });
    expect(figuresOf((await third).output)?.received ?? 0).toBeLessThan(800);
    const refused = await withSecret(value);
    expect(refused.output).toMatch(/401|Unauthorized|Cannot complete Allocation/i);
    expect(live()).toBeLessThan(heldByOne);
  },
);

interface Made {
  readonly secret: { readonly id: string };
  readonly value: string;
}
