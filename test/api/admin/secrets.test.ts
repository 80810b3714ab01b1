import { describe, expect, test } from 'vitest';
import { secretId } from '../../../server/credentials/credential-set.ts';
import { ask, auditLines, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

const dayMs = 86_400_000;
const value = 'what a back end shares already';

interface SecretDocument {
  readonly id: string;
  readonly state: string;
  readonly acceptedUntil: string | null;
  readonly liveSessions: number;
  readonly issues: boolean;
}

interface Made {
  readonly secret: SecretDocument;
  readonly value: string;
}

interface Rotated extends Made {
  readonly retiring: readonly SecretDocument[];
}

const secrets = '/apps/chat/secrets';

async function worldWithChat(): Promise<AdminWorld> {
  const world = await adminWorld();
  await grant(world, 'POST', '/apps', { id: 'chat' });
  world.clock.nowMs += 1_000;
  return world;
}

async function list(world: AdminWorld): Promise<readonly SecretDocument[]> {
  return (await grant<{ secrets: SecretDocument[] }>(world, 'GET', secrets)).secrets;
}

async function only(world: AdminWorld): Promise<SecretDocument> {
  const [secret] = await list(world);
  if (secret === undefined) throw new Error('there is no secret');
  return secret;
}

/** Puts sessions of a secret on the relay. */
function hold(world: AdminWorld, id: string, count: number): void {
  const principal = { kind: 'rest', app: 'chat', subject: 'alice', secretId: id, keyId: null } as const;
  for (let session = 0; session < count; session += 1) world.relay.add({ principal });
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

describe('POST /apps/:app/secrets', () => {
  test('makes 256 bits, shown this once, that issue from now on', async () => {
    const world = await worldWithChat();
    const before = await only(world);
    const made = await grant<Made>(world, 'POST', secrets, {});
    expect(Buffer.from(made.value, 'base64url')).toHaveLength(32);
    expect(made.secret).toMatchObject({ id: secretId(Buffer.from(made.value)), state: 'active', issues: true });
    expect(await list(world)).toMatchObject([
      { id: made.secret.id },
      { id: before.id, state: 'active', issues: false },
    ]);
    for (const path of ['/apps', '/apps/chat', secrets, `${secrets}/${made.secret.id}`, '/audit']) {
      expect((await ask(world, ['GET', path])).text).not.toContain(made.value);
    }
  });

  test('takes one that a back end shares already', async () => {
    const world = await worldWithChat();
    const made = await grant<Made>(world, 'POST', secrets, { value });
    expect(made).toMatchObject({ value, secret: { id: secretId(Buffer.from(value)) } });
    expect(Buffer.from(world.store.secrets.value('chat', made.secret.id)).toString()).toBe(value);
  });

  test.each<[what: string, document: object, code: string, detail: RegExp]>([
    ['15 characters', { value: 'x'.repeat(15) }, 'invalid_value', /has 15 characters\..* openssl rand/],
    // Each is two units of UTF-16.
    [
      'eight characters beyond the first plane',
      { value: '🔑'.repeat(8) },
      'invalid_value',
      /has 8 characters\..* openssl rand/,
    ],
    ['a control character', { value: `${value}\n` }, 'invalid_value', /no plain text/],
    ['an invisible character', { value: `${value}\u200b` }, 'invalid_value', /no plain text/],
    ['513 characters', { value: 'x'.repeat(513) }, 'bad_request', /body\/value/],
    ['an unknown key', { secret: value }, 'bad_request', /unknown keys: "secret"/],
  ])('refuses %s, without repeating it', async (_what, document, code, detail) => {
    const world = await worldWithChat();
    const refused = await refusal(world, 'POST', secrets, document);
    expect(refused).toMatchObject({ code, detail: expect.stringMatching(detail) as string });
    expect(refused.detail).not.toContain(value);
    expect(await list(world)).toHaveLength(1);
  });

  test('refuses one that the app has, or had', async () => {
    const world = await worldWithChat();
    const { secret } = await grant<Made>(world, 'POST', secrets, { value });
    expect((await refusal(world, 'POST', secrets, { value })).detail).toContain(
      `has this secret already, as ${secret.id}`,
    );
    await grant(world, 'POST', `${secrets}/${secret.id}/revoke`);
    expect((await refusal(world, 'POST', secrets, { value })).detail).toContain('until it was revoked');
    await grant(world, 'POST', '/apps', { id: 'shop' });
    await grant(world, 'POST', '/apps/shop/secrets', { value });
  });

  test('leaves room for no more than eight that are live', async () => {
    const world = await worldWithChat();
    const first = await only(world);
    for (let made = 1; made < 8; made += 1) await grant(world, 'POST', secrets, {});
    for (const path of [secrets, `${secrets}/rotate`]) {
      expect(await refusal(world, 'POST', path, {})).toMatchObject({
        code: 'conflict',
        detail: expect.stringMatching(/has 8 live secrets.* Revoke one that nobody uses/) as string,
      });
    }
    expect(await list(world)).toHaveLength(8);
    await grant(world, 'POST', `${secrets}/${first.id}/revoke`);
    await grant(world, 'POST', secrets, {});
  });

  test('counts one whose time is over no more, and lets it come back only where there is room', async () => {
    const world = await worldWithChat();
    const first = await only(world);
    await grant(world, 'POST', `${secrets}/rotate`, {});
    world.clock.nowMs += 2 * dayMs;
    for (let made = 1; made < 8; made += 1) await grant(world, 'POST', secrets, {});
    expect((await list(world)).filter(({ state }) => state === 'active')).toHaveLength(8);
    const again = await refusal(world, 'POST', `${secrets}/${first.id}/retire`, {
      acceptedUntil: at(startMs + 9 * dayMs),
    });
    expect(again.detail).toContain('has 8 live secrets');
    expect(world.store.secrets.get('chat', first.id)?.acceptedUntilMs).toBeLessThan(world.clock.nowMs);
  });
});

describe('POST /apps/:app/secrets/rotate', () => {
  test('makes another, and has those before it accepted for as long as the longest TTL', async () => {
    const world = await worldWithChat();
    await grant(world, 'POST', secrets, {});
    const before = await list(world);
    hold(world, before[1]?.id ?? '', 2);
    world.clock.nowMs += 1_000;
    const rotated = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, {});
    const acceptedUntil = at(world.clock.nowMs + dayMs);
    const retiredAt = at(world.clock.nowMs);
    expect(rotated.secret).toMatchObject({ state: 'active', issues: true, acceptedUntil: null });
    expect(rotated.secret.id).toBe(secretId(Buffer.from(rotated.value)));
    expect(rotated.retiring).toMatchObject([
      { id: before[0]?.id, state: 'retiring', acceptedUntil, retiredAt, issues: false, liveSessions: 0 },
      { id: before[1]?.id, state: 'retiring', acceptedUntil, retiredAt, issues: false, liveSessions: 2 },
    ]);
    expect(await list(world)).toEqual([rotated.secret, ...rotated.retiring]);
    expect(world.relay.sessions.size).toBe(2);
  });

  test('leaves those that retire already with their time', async () => {
    const world = await worldWithChat();
    const first = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, { overlapSeconds: 3 * 86_400 });
    const second = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, {});
    expect(second.retiring.map(({ id }) => id)).toEqual([first.secret.id]);
    const old = (await list(world)).find(({ id }) => id === first.retiring[0]?.id);
    expect(old?.acceptedUntil).toBe(at(world.clock.nowMs + 3 * dayMs));
  });

  test.each<[overlapSeconds: number, status: number]>([
    [86_399, 409],
    [86_400, 201],
    [7 * 86_400, 201],
  ])('an overlap of %d seconds, where credentials live for a day: %d', async (overlapSeconds, status) => {
    const world = await worldWithChat();
    const answer = await ask(world, ['POST', `${secrets}/rotate`, { overlapSeconds }]);
    expect(answer.status).toBe(status);
    if (status === 201) return;
    expect(answer.text).toContain(`has to be accepted until ${at(world.clock.nowMs + dayMs)} at least`);
    expect(await list(world)).toMatchObject([{ state: 'active' }]);
  });
});

describe('POST /apps/:app/secrets/:secret/retire', () => {
  test('issues nothing with it any more, and accepts it until a time', async () => {
    const world = await worldWithChat();
    const old = await only(world);
    const next = await grant<Made>(world, 'POST', secrets, {});
    const acceptedUntil = at(world.clock.nowMs + 2 * dayMs);
    expect(await grant(world, 'POST', `${secrets}/${old.id}/retire`, { acceptedUntil })).toMatchObject({
      state: 'retiring',
      acceptedUntil,
      issues: false,
    });
    expect(world.ports.configured.issuingSecretId('chat')).toBe(next.secret.id);
    world.clock.nowMs += 2 * dayMs - 1;
    expect(await grant(world, 'GET', `${secrets}/${old.id}`)).toMatchObject({ state: 'retiring' });
    world.clock.nowMs += 1;
    expect(await grant(world, 'GET', `${secrets}/${old.id}`)).toMatchObject({ state: 'retired' });
  });

  test('refuses a time before the last credential expires, and names the earliest', async () => {
    const world = await worldWithChat();
    const old = await only(world);
    await grant(world, 'POST', secrets, {});
    const earliestMs = world.clock.nowMs + dayMs;
    const retire = (ms: number) => ask(world, ['POST', `${secrets}/${old.id}/retire`, { acceptedUntil: at(ms) }]);
    const answer = await retire(earliestMs - 1);
    expect(answer.status).toBe(409);
    expect(answer.text).toContain(`until ${at(earliestMs)} at least. Choose that or later; or revoke it`);
    expect((await retire(earliestMs)).status).toBe(200);
    // Nothing was issued with it since, so the earliest time stays where it is.
    world.clock.nowMs += dayMs / 2;
    expect((await retire(earliestMs - 1)).text).toContain(at(earliestMs));
    expect((await retire(earliestMs)).status).toBe(200);
  });

  test('refuses what is no time', async () => {
    const world = await worldWithChat();
    const { id } = await only(world);
    const document = { acceptedUntil: 'tomorrow' };
    expect(await refusal(world, 'POST', `${secrets}/${id}/retire`, document)).toMatchObject({ code: 'bad_request' });
  });
});

describe('POST /apps/:app/secrets/:secret/revoke', () => {
  test('forgets its value, and says how many sessions end', async () => {
    const world = await worldWithChat();
    const { secret, retiring } = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, {});
    const old = retiring[0]?.id ?? '';
    hold(world, old, 3);
    hold(world, secret.id, 2);
    expect(await grant(world, 'POST', `${secrets}/${old}/revoke`)).toEqual({ sessionsEnding: 3 });
    expect(await grant(world, 'GET', `${secrets}/${old}`)).toMatchObject({
      state: 'revoked',
      revokedAt: at(world.clock.nowMs),
    });
    expect(() => world.store.secrets.value('chat', old)).toThrow();
  });

  test.each(['retire', 'revoke'])('a revoked one cannot be %sd', async (verb) => {
    const world = await worldWithChat();
    const { retiring } = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, {});
    const path = `${secrets}/${retiring[0]?.id}`;
    await grant(world, 'POST', `${path}/revoke`);
    const document = verb === 'retire' ? { acceptedUntil: at(startMs + 9 * dayMs) } : undefined;
    const refused = await (document === undefined
      ? refusal(world, 'POST', `${path}/${verb}`)
      : refusal(world, 'POST', `${path}/${verb}`, document));
    expect(refused).toMatchObject({ code: 'conflict', detail: expect.stringContaining('revoked already') as string });
  });

  test.each(['retire', 'revoke'])('the last that issues cannot be %sd without a successor', async (verb) => {
    const world = await worldWithChat();
    const { secret } = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, {});
    const document = verb === 'retire' ? { acceptedUntil: at(startMs + 9 * dayMs) } : {};
    const refused = await refusal(world, 'POST', `${secrets}/${secret.id}/${verb}`, document);
    expect(refused).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(
        /the only active one .* Make another first, or rotate; to stop the app, disable it/,
      ) as string,
    });
    await grant(world, 'POST', secrets, {});
    await grant(world, 'POST', `${secrets}/${secret.id}/${verb}`, document);
  });

  test('one that is not there, or of another app, is a 404', async () => {
    const world = await worldWithChat();
    await grant(world, 'POST', '/apps', { id: 'shop' });
    const { id } = await only(world);
    for (const path of [`/apps/shop/secrets/${id}`, `${secrets}/nowhere`, `/apps/nowhere/secrets/${id}`]) {
      expect(await refusal(world, 'GET', path)).toMatchObject({ code: 'not_found' });
      expect(await refusal(world, 'POST', `${path}/revoke`)).toMatchObject({ code: 'not_found' });
    }
  });
});

test('SECURITY.md 13: every change of a secret is written down, and no secret anywhere', async () => {
  const world = await worldWithChat();
  const first = await only(world);
  const given = await grant<Made>(world, 'POST', secrets, { value });
  const rotated = await grant<Rotated>(world, 'POST', `${secrets}/rotate`, {});
  const acceptedUntil = at(world.clock.nowMs + 3 * dayMs);
  await grant(world, 'POST', `${secrets}/${first.id}/retire`, { acceptedUntil });
  hold(world, given.secret.id, 2);
  await grant(world, 'POST', `${secrets}/${given.secret.id}/revoke`);
  const lines = auditLines(world.store).filter(({ action }) => action.startsWith('secret.'));
  const target = (id: string) => `app/chat/secret/${id}`;
  expect(lines).toMatchObject([
    { action: 'secret.create', target: target(first.id), before: null, after: { id: first.id, state: 'active' } },
    { action: 'secret.create', target: target(given.secret.id) },
    { action: 'secret.create', target: target(rotated.secret.id) },
    {
      action: 'secret.retire',
      target: target(given.secret.id),
      before: { state: 'active' },
      after: { state: 'retiring' },
    },
    { action: 'secret.retire', target: target(first.id) },
    { action: 'secret.retire', target: target(first.id), before: { state: 'retiring' } },
    {
      action: 'secret.revoke',
      target: target(given.secret.id),
      before: { state: 'retiring' },
      after: { state: 'revoked', sessionsEnding: 2 },
    },
  ]);
  const told = JSON.stringify([auditLines(world.store), world.logged]);
  expect(told).not.toContain(value);
  expect(told).not.toContain(rotated.value);
});
