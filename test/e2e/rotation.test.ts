import { expect, test } from 'vitest';
import { startAppliance, type ApplianceProcess } from './appliance-process.ts';
import { openCallPages, pagesOf, type CallPages } from './call-page.ts';
import { launchChromium } from './chromium.ts';

const echoBytes = 256 * 1024;
/** SECURITY.md 9: what is revoked has ended by then. */
const endsWithinMs = 2_000;

interface SecretView {
  readonly id: string;
  readonly state: string;
  readonly liveSessions: number;
}

test(
  'SECURITY.md 9: a rotation with overlap ends no call of Chromium and refuses no credential of before it; a revocation ends calls within 2 s',
  { timeout: 150_000 },
  async (context) => {
    const opener = pagesOf(await launchChromium(context));
    const appliance = await startAppliance();
    const issuedBefore = await appliance.iceServers('udp');
    const first = await callOver(opener, issuedBefore);
    const [old] = await secretsOf(appliance);
    expect(old).toMatchObject({ state: 'active', liveSessions: 2 });
    const sessionsBefore = await sessionIds(appliance);

    await appliance.admin('POST', '/apps/default/secrets/rotate', {});
    expect(await echoes(first)).toBe(true);
    expect(await sessionIds(appliance)).toEqual(sessionsBefore);

    const second = await callOver(opener, issuedBefore);
    const third = await callOver(opener, await appliance.iceServers('udp'));
    expect(await secretsOf(appliance)).toMatchObject([
      { state: 'active', liveSessions: 2 },
      { id: old?.id, state: 'retiring', liveSessions: 4 },
    ]);

    const revokedAtMs = performance.now();
    const answer = await appliance.admin('POST', `/apps/default/secrets/${old?.id}/revoke`);
    expect(answer).toEqual({ sessionsEnding: 4 });
    await expect
      .poll(async () => (await sessionIds(appliance)).length, { timeout: endsWithinMs, interval: 20 })
      .toBe(2);
    expect(performance.now() - revokedAtMs).toBeLessThan(endsWithinMs);
    expect(await echoes(third)).toBe(true);
    expect(await Promise.race([echoes(second), pause(3_000)])).not.toBe(true);
  },
);

async function callOver(
  opener: ReturnType<typeof pagesOf>,
  iceServers: Awaited<ReturnType<ApplianceProcess['iceServers']>>,
): Promise<CallPages> {
  const pages = await openCallPages([opener, opener]);
  await pages.callee.answer(iceServers);
  await pages.caller.call(iceServers);
  expect(await echoes(pages)).toBe(true);
  return pages;
}

async function echoes({ caller }: CallPages): Promise<boolean> {
  return (await caller.echo(echoBytes)).identical;
}

async function secretsOf(appliance: ApplianceProcess): Promise<readonly SecretView[]> {
  const document = (await appliance.admin('GET', '/apps/default/secrets')) as { secrets: SecretView[] };
  return document.secrets;
}

async function sessionIds(appliance: ApplianceProcess): Promise<readonly string[]> {
  const document = (await appliance.admin('GET', '/sessions')) as { sessions: { id: string }[] };
  return document.sessions.map(({ id }) => id);
}

function pause(ms: number): Promise<'no answer'> {
  return new Promise((resolve) => setTimeout(() => resolve('no answer'), ms));
}
