import { describe, expect, test } from 'vitest';
import { secretId, staticUser } from '../../../server/credentials/credential-set.ts';
import { restPassword } from '../../../server/credentials/rest-username.ts';
import { ask, auditLines, grant } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface Explanation {
  readonly kind: string;
  readonly accepted: boolean;
  readonly passwordMatches: boolean | null;
  readonly secret: string | null;
  readonly findings: readonly string[];
  readonly [key: string]: unknown;
}

const nowS = startMs / 1000;
const dayS = 86_400;
const inAnHourS = nowS + 3_600;
const password = 'a password of a camera';
const phonePassword = 'a password of a desk phone';
const configuredSecret = Buffer.from('a secret that the configuration names');
const configuredId = secretId(configuredSecret);
const origin = 'turnpike.yaml:30';

/** What a test may do to the world before it asks. */
type Prepare = (world: AdminWorld) => Promise<unknown>;

/** The default app with a configured secret and the apps `chat` and `shop`, a stored and a configured user. */
async function worldOfApps(): Promise<AdminWorld> {
  const world = await adminWorld({
    ports: {
      configured: {
        realm: () => 'turnpike.local',
        secrets: () => [{ id: configuredId, origin }],
        secretValue: (id) => (id === configuredId ? configuredSecret : null),
        userOrigin: (name) => (name === 'desk-phone' ? origin : null),
        userKey: (name) => (name === 'desk-phone' ? staticUser(name, 'turnpike.local', phonePassword).sha256Key : null),
        issuingSecretId: () => null,
      },
      bytesThisMonth: (_kind, name) => (name === 'chat' || name === 'camera' ? 1_000 : 0),
    },
  });
  for (const id of ['default', 'chat', 'shop']) await grant(world, 'POST', '/apps', { id });
  await grant(world, 'POST', '/turn-users', { name: 'camera', password });
  return world;
}

/** The text of a secret of an app that was made first. */
function firstSecret(world: AdminWorld, app: string): { readonly id: string; readonly value: Uint8Array } {
  const id = world.store.secrets.list(app).at(-1)?.id ?? '';
  return { id, value: world.store.secrets.value(app, id) };
}

function explain(world: AdminWorld, username: string, ofPassword?: string): Promise<Explanation> {
  const document = { username, ...(ofPassword === undefined ? {} : { password: ofPassword }) };
  return grant(world, 'POST', '/explain', document);
}

async function keyOfChat(world: AdminWorld): Promise<string> {
  return (await grant<{ key: { id: string } }>(world, 'POST', '/apps/chat/keys', { name: 'back end' })).key.id;
}

describe('what a time-limited username says', () => {
  test.each<[username: string, app: string, subject: string, key: string | null, findings: RegExp]>([
    [`${inAnHourS}:alice`, 'default', 'alice', null, /good for another 3600 seconds/],
    [`${inAnHourS}:chat/alice`, 'chat', 'alice', null, /good for another/],
    [`${inAnHourS}:chat/a/b:c`, 'chat', 'a/b:c', null, /good for another/],
    [`${inAnHourS}:default/alice`, 'default', 'alice', null, /good for another/],
    [`${inAnHourS}`, 'default', `${inAnHourS}`, null, /good for another/],
    [
      `${inAnHourS}:nowhere/alice`,
      'default',
      'nowhere/alice',
      null,
      /no app "nowhere", so the whole of "nowhere\/alice" is a subject/,
    ],
    [`${inAnHourS}:Chat/alice`, 'default', 'Chat/alice', null, /^It is good for another 3600 seconds\.$/],
  ])('%s', async (username, app, subject, key, findings) => {
    const explained = await explain(await worldOfApps(), username);
    expect(explained).toMatchObject({
      kind: 'time-limited',
      app,
      subject,
      key,
      expiresAt: new Date(inAnHourS * 1000).toISOString(),
      isExpired: false,
      secret: null,
      passwordMatches: null,
      accepted: true,
    });
    expect(explained.findings.join(' ')).toMatch(findings);
  });

  test.each<[what: string, expiresAtS: number, isExpired: boolean, finding: RegExp]>([
    ['now', nowS, true, /^It expired 0 seconds ago: compare the clocks/],
    [
      'a little ago',
      nowS - 899,
      true,
      /^It expired 899 seconds ago: compare the clocks of the back end and of this host/,
    ],
    ['15 minutes ago', nowS - 900, true, /^It expired 900 seconds ago: issue a fresh one/],
    ['in a second', nowS + 1, false, /^It is good for another 1 seconds/],
    ['in eight days', nowS + 8 * dayS, false, /^It is good for another 691200 seconds/],
    ['in more than that', nowS + 9 * dayS, false, /^It expires in 9 days, .*the clock of the back end is ahead/],
  ])('it expires %s', async (_what, expiresAtS, isExpired, finding) => {
    const explained = await explain(await worldOfApps(), `${expiresAtS}:alice`);
    expect(explained).toMatchObject({ isExpired, accepted: !isExpired });
    expect(explained.findings[0]).toMatch(finding);
  });

  test.each(['1796212800000:alice', '999999999999999:alice'])('%s counts milliseconds', async (username) => {
    const explained = await explain(await worldOfApps(), username);
    expect(explained).toMatchObject({ expiresAt: null, isExpired: false });
    expect(explained.findings[0]).toBe('The expiry is in milliseconds: the back end has to write seconds.');
  });

  test.each(['nobody', 'x:alice', '1234567890123456:alice', '-5:alice', 'constructor'])(
    '%s is nobody',
    async (username) => {
      const explained = await explain(await worldOfApps(), username);
      expect(explained).toMatchObject({ kind: 'unknown', app: null, accepted: false });
      expect(explained.findings[0]).toMatch(/no TURN user of this name, and it does not begin with a Unix time/);
    },
  );
});

describe('why a time-limited username is refused', () => {
  const alice = { kind: 'subject', app: 'chat', subject: 'alice' };
  test.each<[what: string, prepare: Prepare, finding: RegExp]>([
    [
      'its app is disabled',
      (world) => grant(world, 'PATCH', '/apps/chat', { enabled: false }),
      /The app "chat" is disabled/,
    ],
    [
      'its app has relayed what it may',
      (world) => grant(world, 'PATCH', '/apps/chat', { bytesPerMonth: 1_000 }),
      /app "chat" has relayed 1000 bytes this month \(UTC\), of 1000 that it may: raise bytesPerMonth, or wait/,
    ],
    [
      'its subject is banned',
      (world) => grant(world, 'POST', '/bans', { target: alice, reason: 'spam' }),
      /The ban [a-z2-7]{8} shuts it out: spam/,
    ],
  ])('%s', async (_what, prepare, finding) => {
    const world = await worldOfApps();
    const username = `${inAnHourS}:chat/alice`;
    expect(await explain(world, username)).toMatchObject({ accepted: true });
    await prepare(world);
    const explained = await explain(world, username);
    expect(explained).toMatchObject({ accepted: false, isExpired: false });
    expect(explained.findings.join(' ')).toMatch(finding);
  });

  test.each<[what: string, prepare: Prepare]>([
    [
      'another subject is banned',
      (world) => grant(world, 'POST', '/bans', { target: { ...alice, subject: 'bob' }, reason: 'spam' }),
    ],
    [
      'that subject of another app is',
      (world) => grant(world, 'POST', '/bans', { target: { ...alice, app: 'shop' }, reason: 'spam' }),
    ],
    ['there is room left in the month', (world) => grant(world, 'PATCH', '/apps/chat', { bytesPerMonth: 1_001 })],
    [
      'its ban is over',
      async (world) => {
        const expiresAt = new Date(startMs + 1).toISOString();
        await grant(world, 'POST', '/bans', { target: alice, reason: 'spam', expiresAt });
        world.clock.nowMs += 1;
      },
    ],
  ])('but not because %s', async (_what, prepare) => {
    const world = await worldOfApps();
    await prepare(world);
    expect(await explain(world, `${inAnHourS}:chat/alice`)).toMatchObject({ accepted: true });
  });

  test('its API key is revoked, or of another app', async () => {
    const world = await worldOfApps();
    const id = await keyOfChat(world);
    expect(await explain(world, `${inAnHourS}:chat.${id}/alice`)).toMatchObject({
      app: 'chat',
      key: id,
      accepted: true,
    });
    const ofShop = await explain(world, `${inAnHourS}:shop.${id}/alice`);
    expect(ofShop).toMatchObject({ app: 'shop', key: id, accepted: false });
    await grant(world, 'DELETE', `/apps/chat/keys/${id}`);
    const revoked = await explain(world, `${inAnHourS}:chat.${id}/alice`);
    expect(revoked).toMatchObject({ key: id, accepted: false });
    expect(revoked.findings.join(' ')).toContain(`The API key ${id} is revoked, or not of the app "chat"`);
  });
});

describe('which secret made a password', () => {
  test.each<[what: string, username: string, app: string, expected: string]>([
    ["the app's", `${inAnHourS}:chat/alice`, 'chat', 'chat'],
    ["the default app's, for a name without an app", `${inAnHourS}:alice`, 'default', 'default'],
    ["the default app's, although the name begins as one of another", `${inAnHourS}:chat/alice`, 'default', 'default'],
  ])('%s', async (_what, username, signer, app) => {
    const world = await worldOfApps();
    const { id, value } = firstSecret(world, signer);
    const explained = await explain(world, username, restPassword(value, username));
    expect(explained).toMatchObject({ app, secret: id, passwordMatches: true, accepted: true });
    expect(explained.findings.join(' ')).toContain(`The secret ${id} makes this password.`);
  });

  test('one of the configuration', async () => {
    const username = `${inAnHourS}:alice`;
    const explained = await explain(await worldOfApps(), username, restPassword(configuredSecret, username));
    expect(explained).toMatchObject({ secret: configuredId, passwordMatches: true, accepted: true });
  });

  test.each<[what: string, ofPassword: (world: AdminWorld) => string]>([
    ['another app', (world) => restPassword(firstSecret(world, 'shop').value, `${inAnHourS}:chat/alice`)],
    ['another username', (world) => restPassword(firstSecret(world, 'chat').value, `${inAnHourS}:chat/bob`)],
    ['nobody', () => 'x'.repeat(28)],
    ['nobody, of another length', () => 'x'],
  ])('none: that of %s', async (_what, ofPassword) => {
    const world = await worldOfApps();
    const explained = await explain(world, `${inAnHourS}:chat/alice`, ofPassword(world));
    expect(explained).toMatchObject({ app: 'chat', secret: null, passwordMatches: false, accepted: false });
    expect(explained.findings.join(' ')).toContain('No secret of the app makes this password');
  });

  test('one that retires, one whose time is over, and none that is revoked', async () => {
    const world = await worldOfApps();
    const { id, value } = firstSecret(world, 'chat');
    await grant(world, 'POST', '/apps/chat/secrets/rotate', {});
    const username = `${nowS + 5 * dayS}:chat/alice`;
    const asked = () => explain(world, username, restPassword(value, username));
    const until = new Date(startMs + dayS * 1000).toISOString();
    const retiring = await asked();
    expect(retiring).toMatchObject({ secret: id, accepted: true });
    expect(retiring.findings.join(' ')).toContain(`It is retiring, and accepted until ${until}`);
    world.clock.nowMs += dayS * 1000;
    const retired = await asked();
    expect(retired).toMatchObject({ secret: id, passwordMatches: true, isExpired: false, accepted: false });
    expect(retired.findings.join(' ')).toContain(`was accepted until ${until}`);
    await grant(world, 'POST', `/apps/chat/secrets/${id}/revoke`);
    expect(await asked()).toMatchObject({ secret: null, passwordMatches: false, accepted: false });
  });
});

describe('what the name of a TURN user says', () => {
  test.each<
    [what: string, name: string, ofPassword: string | undefined, passwordMatches: boolean | null, finding: string]
  >([
    ['a stored one', 'camera', undefined, null, 'It is a TURN user with a password of its own.'],
    ['its password', 'camera', password, true, 'It is a TURN user with a password of its own.'],
    ['another password', 'camera', phonePassword, false, 'The password is not the one of this user.'],
    ['what cannot be a password', 'camera', 'pass\u0007word', false, 'The password is not the one of this user.'],
    ['one of the configuration', 'desk-phone', undefined, null, `It is a TURN user that ${origin} sets.`],
    ['its password', 'desk-phone', phonePassword, true, `It is a TURN user that ${origin} sets.`],
    ['another password', 'desk-phone', password, false, 'The password is not the one of this user.'],
  ])('%s: %s', async (_what, name, ofPassword, passwordMatches, finding) => {
    const explained = await explain(await worldOfApps(), name, ofPassword);
    expect(explained).toMatchObject({
      kind: 'turn-user',
      subject: name,
      passwordMatches,
      accepted: passwordMatches !== false,
    });
    expect(explained.findings).toContain(finding);
  });

  test.each<[what: string, prepare: Prepare, finding: RegExp]>([
    [
      'it has expired',
      async (world) => {
        const expiresAt = new Date(startMs + 1).toISOString();
        await grant(world, 'PATCH', '/turn-users/camera', { expiresAt });
        world.clock.nowMs += 1;
      },
      /The user has expired: set another expiresAt, or none/,
    ],
    [
      'it has relayed what it may',
      (world) => grant(world, 'PATCH', '/turn-users/camera', { bytesPerMonth: 999 }),
      /The user has relayed 1000 bytes/,
    ],
    [
      'it is banned',
      (world) => grant(world, 'POST', '/bans', { target: { kind: 'user', name: 'camera' }, reason: 'stolen' }),
      /The ban [a-z2-7]{8} shuts it out: stolen/,
    ],
  ])('it is refused because %s', async (_what, prepare, finding) => {
    const world = await worldOfApps();
    await prepare(world);
    const explained = await explain(world, 'camera', password);
    expect(explained).toMatchObject({ accepted: false, passwordMatches: true });
    expect(explained.findings.join(' ')).toMatch(finding);
  });

  test('wins over what it reads as (DESIGN.md section 4)', async () => {
    const world = await worldOfApps();
    const name = String(inAnHourS);
    await grant(world, 'POST', '/turn-users', { name, password });
    expect(await explain(world, name)).toMatchObject({ kind: 'turn-user', subject: name });
  });
});

test.each([
  ['viewer', undefined, 200],
  ['viewer', password, 403],
  ['token:read', password, 403],
  ['operator', password, 200],
  ['token:operate', password, 200],
] as const)('as %s, with the password %s: %d', async (as, ofPassword, status) => {
  const world = await worldOfApps();
  const document = { username: 'camera', ...(ofPassword === undefined ? {} : { password: ofPassword }) };
  expect((await ask(world, ['POST', '/explain', document], { as })).status).toBe(status);
});

test('SECURITY.md 13: what is asked is written down nowhere', async () => {
  const world = await worldOfApps();
  const before = auditLines(world.store).length;
  await explain(world, 'camera', 'a password that was mistyped');
  expect(auditLines(world.store)).toHaveLength(before);
  expect(JSON.stringify(world.logged)).not.toContain('mistyped');
});
