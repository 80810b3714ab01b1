import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAppliance } from '../support/appliance.ts';
import { TurnClient } from '../support/turn-client.ts';
import { commandsFor, prepareDatabase, type Commands } from './prepared-database.ts';
import { callTurnpike, temporaryDirectory } from './run-turnpike.ts';

const password = 'correct horse battery staple';

describe('on the database of a stopped server', () => {
  test('what is touched is told: on standard error, or in JSON', async () => {
    const { run, json, path } = prepareDatabase();
    const { code, stdout, stderr } = await run('app list');
    expect([code, stderr]).toEqual([0, `On the database, ${path}; no server runs\n`]);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'ID       NAME     STATE    SESSIONS  THIS MONTH    OF',
      'default  Default  enabled         0         0 B  none',
    ]);
    expect(await json('app list')).toMatchObject({ apps: [{ id: 'default' }], via: { kind: 'database', path } });
  });

  test('apps: made, changed, disabled, deleted', async () => {
    const { run, json } = prepareDatabase();
    const made = await json(
      'app create chat --name Chat --default-ttl 1h --longest-ttl 4h --bitrate 8M --bytes-per-month 5G',
    );
    expect(made).toMatchObject({
      id: 'chat',
      name: 'Chat',
      defaultTtlSeconds: 3_600,
      longestTtlSeconds: 14_400,
      bitsPerSecondPerSubject: 8_000_000,
      bytesPerMonth: 5_000_000_000,
    });
    const words =
      'app set chat --bytes-per-month none --peers-allow 10.0.0.0/8,fd00::/8 --peers-deny none --rotate-every 30';
    expect(await json(words)).toMatchObject({
      name: 'Chat',
      bytesPerMonth: null,
      peersAllow: ['10.0.0.0/8', 'fd00::/8'],
      peersDeny: [],
      rotateEveryDays: 30,
    });
    expect((await run('app disable chat')).stdout).toBe('Disabled the app chat. No session was open.\n');
    expect(await json('app show chat')).toMatchObject({ enabled: false });
    expect((await run('app enable chat')).stdout).toBe('Enabled the app chat.\n');
    expect((await run('app delete chat')).stdout).toMatch(/^Deleted the app chat /);
    expect((await run('app show chat')).code).toBe(1);
  });

  test.each([
    ['app show nope', 'There is no app "nope". (not_found)'],
    ['app delete default', 'The default app cannot be deleted.'],
    [
      'app create chat --longest-ttl 1h',
      '--default-ttl 43200 is longer than --longest-ttl 3600. Lower it, or raise the other. (invalid_value)',
    ],
    ['secret rotate default --overlap 1h', 'Choose that or later'],
    ['key create default k --rate 0', '--rate'],
    ['setting set dataDir elsewhere', 'cannot be set here'],
    ['setting set turn.relayPorts 9-8', 'ends before it begins'],
    ['admin create ada --password-file short', 'password_refused'],
    ['session list', 'no Turnpike serves from this data directory'],
    ['admin setup-link', 'no Turnpike serves from this data directory'],
  ])('%s is refused with the reason and exit code 1', async (line, reason) => {
    const { run, dataDir } = prepareDatabase();
    writeFileSync(join(dataDir, 'short'), 'short\n');
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/turnpike: /);
    expect(stderr).toContain(reason);
  });

  test('a refusal is a document for machines', async () => {
    const { run } = prepareDatabase();
    const { code, stderr } = await run('app show nope --json');
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'admin_refused', problem: { status: 404, code: 'not_found' } },
    });
  });

  test('secrets: rotated with an overlap, retired, revoked; a value is alone on standard output when asked for', async () => {
    const { run, json } = prepareDatabase();
    const [first] = (await json('secret list default')).secrets as { id: string; state: string; issues: boolean }[];
    expect(first).toMatchObject({ state: 'active', issues: true });
    const { code, stdout } = await run('secret rotate default --overlap 48h --quiet');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    const after = (await json('secret list default')).secrets as Record<string, unknown>[];
    expect(after.map(({ state, issues }) => [state, issues])).toEqual([
      ['active', true],
      ['retiring', false],
    ]);
    const acceptedForMs = Date.parse(String(after[1]?.acceptedUntil)) - Date.now();
    expect(acceptedForMs).toBeGreaterThan(47 * 3_600_000);
    const taken = await json('secret create default --value-file -', 'a secret of a back end\nnot this line\n');
    expect(taken.value).toBe('a secret of a back end');
    const { id } = taken.secret as { id: string };
    expect((await run(`secret retire default ${id}`)).stdout).toMatch(
      /^The secret \w+ issues nothing any more, and is/,
    );
    expect((await run(`secret revoke default ${id}`)).stdout).toBe(
      `Revoked the secret ${id} of the app default. No session was open.\n`,
    );
    const states = (await json('secret list default')).secrets as Record<string, unknown>[];
    expect(states.find((secret) => secret.id === id)?.state).toBe('revoked');
  });

  test('API keys: made once, listed without their text, revoked', async () => {
    const { run, json } = prepareDatabase();
    const text = (await run('key create default backend --rate 5 --expires 30d --quiet')).stdout.trimEnd();
    expect(text).toMatch(/^tpk_[a-z2-7]{8}_[A-Za-z0-9_-]{43}$/);
    const [key] = (await json('key list default')).keys as { id: string }[];
    expect(key).toMatchObject({ name: 'backend', requestsPerSecond: 5, revokedAt: null });
    expect((await run('key list default')).stdout).not.toContain(text);
    expect((await run(`key revoke default ${key?.id}`)).stdout).toContain('Revoked the API key');
    expect((await run('key list default')).stdout).toMatch(/revoked/);
  });

  test('TURN users: a password from standard input, or one that is made; limits; removed', async () => {
    const { run, json } = prepareDatabase();
    expect((await run('user add cam --password-file - --bitrate 4M', 'pass\n')).stdout).toBe(
      'Made the TURN user cam.\n',
    );
    expect((await run('user add door --quiet')).stdout).toMatch(/^[A-Za-z0-9_-]{24}\n$/);
    expect((await json('user set cam --bitrate none --expires 30d --allocations 3')).bitsPerSecond).toBeNull();
    const { users } = (await json('user list')) as { users: { name: string; allocations: number | null }[] };
    expect(users.map(({ name, allocations }) => [name, allocations])).toEqual([
      ['cam', 3],
      ['door', null],
    ]);
    expect((await json('user list --limit 1')).users).toHaveLength(1);
    expect((await run('user remove cam')).stdout).toBe('Deleted the TURN user cam. No session was open.\n');
    expect((await json('user list')).users).toHaveLength(1);
  });

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['2001:db8::7', '2001:db8::/64'],
    ['default/room/7', 'default/room/7'],
    ['cam --user', 'user cam'],
  ])('ban add %s bans %s, until it is lifted by that name', async (words, shown) => {
    const { run, json } = prepareDatabase();
    await run('user add cam --generate');
    expect((await run(`ban add ${words} --for 2h --reason flood`)).stdout).toMatch(
      new RegExp(`^Banned ${shown.replaceAll('.', '[.]')} until .*Z, as ban [a-z2-7]{8}\\. No session was open\\.\n$`),
    );
    expect((await json('ban list')).bans).toMatchObject([{ reason: 'flood', createdBy: 'local' }]);
    const name = shown.replace('user ', '');
    expect((await run(`ban remove ${name}`)).code).toBe(0);
    expect((await run('ban list')).stdout).toBe('Nobody is banned.\n');
    expect((await run(`ban remove ${name}`)).code).toBe(2);
  });

  test('accounts: an owner without a browser; a new password ends what was; the last owner stays', async () => {
    const { run, json } = prepareDatabase();
    expect((await run('admin create ada')).stderr).toContain('there is no terminal to ask');
    expect((await run('admin create ada --password-file -', `${password}\n`)).stdout).toBe('Made the owner ada.\n');
    expect((await run('admin create bob --role viewer --password-file -', `${password}\n`)).code).toBe(0);
    expect((await run('admin list')).stdout).toMatch(/^ada +owner +off +- +\d{4}-.*\nbob +viewer/m);
    expect((await run('admin reset-password ADA --quiet')).stdout).toMatch(/^\S{20,}\n$/);
    expect((await run('admin unlock ada')).stdout).toContain('0 addresses had to wait');
    expect((await run('admin disable-totp ada')).stdout).toBe('ada had no time-based codes.\n');
    expect((await run('admin remove ada')).stderr).toContain('(last_owner)');
    expect((await run('admin remove bob')).code).toBe(0);
    expect((await run('admin remove bob')).stderr).toContain('there is no account "bob"');
    const token = (await run('admin create-token prometheus --scope metrics --expires 30d --quiet')).stdout;
    expect(token).toMatch(/^tpa_[a-z2-7]{8}_\S{43}\n$/);
    const [{ id } = { id: '' }] = (await json('admin tokens')).tokens as { id: string }[];
    expect((await run(`admin revoke-token ${id}`)).code).toBe(0);
    expect((await json('admin tokens')).tokens).toEqual([]);
  });

  test('settings are stored for the next start, and taken back', async () => {
    const { run, json } = prepareDatabase();
    expect((await run('setting set drainSeconds 5')).stdout).toBe(
      'Set drainSeconds.\nIt is in force from the next start on.\n',
    );
    expect((await run('setting list')).stdout).toMatch(/^drainSeconds +5 +console +at-once$/m);
    expect((await run('setting unset drainSeconds')).code).toBe(0);
    expect((await run('setting list')).stdout).not.toContain('drainSeconds');
    expect(((await json('setting list --all')).settings as unknown[]).length).toBeGreaterThan(20);
  });

  test('every change is in the audit log as made by the command line, and no secret with it', async () => {
    const { run, json } = prepareDatabase();
    const secret = (await run('secret create default --quiet')).stdout.trimEnd();
    await run('user add cam --password-file -', 'hidden-password\n');
    const { lines } = (await json('audit list --limit 2')) as { lines: { action: string; actor: { kind: string } }[] };
    expect(lines.map(({ action, actor }) => [action, actor.kind])).toEqual([
      ['turn-user.create', 'local'],
      ['secret.create', 'local'],
    ]);
    const exported = (await run('audit export --actor local')).stdout;
    expect(exported.trimEnd().split('\n')).toHaveLength(2);
    expect(exported).not.toContain(secret);
    expect(exported).not.toContain('hidden-password');
    expect((await run('audit export --format csv --action secret')).stdout).toMatch(
      /^"id","at","actorKind".*\r\n"\d+",.*"secret.create"/,
    );
  });

  test('explain tells the exit code too: 0 where a session would begin', async () => {
    const { run } = prepareDatabase();
    const inAnHour = Math.floor(Date.now() / 1000) + 3_600;
    const good = await run(`explain ${inAnHour}:alice`);
    expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/^accepted +yes$/m)]);
    const wrong = await run(`explain ${inAnHour}:alice --password-file -`, 'wrong\n');
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/^password +wrong$/m)]);
    const over = await run('explain 1600000000:alice');
    expect([over.code, over.stdout]).toEqual([1, expect.stringMatching(/which is over$/m)]);
  });

  test('usage and failures are read from the database', async () => {
    const { run } = prepareDatabase();
    expect((await run('usage --last 2h --by app')).stdout).toBe('Nothing was relayed in this time.\n');
    expect((await run('failures --last 2h')).stdout).toBe('Nothing was refused in this time.\n');
    expect((await run('usage --by nobody')).code).toBe(1);
  });
});

describe('through the running server', () => {
  async function calling(): Promise<Commands & { readonly client: TurnClient }> {
    const { dataDir, udp } = await startAppliance();
    const { run, json } = commandsFor(dataDir);
    const { iceServers } = (await json('ice --subject alice')) as { iceServers: Record<string, string>[] };
    const { username = '', credential = '' } = iceServers.at(-1) ?? {};
    const client = await TurnClient.overUdp(udp, { username, password: credential });
    onTestFinished(() => client.close());
    expect((await client.allocate()).code).toBe(0);
    await expect.poll(async () => (await json('session list')).total).toBe(1);
    return { run, json, client };
  }

  test('sessions are listed, shown and ended', async () => {
    const { run, json, client } = await calling();
    const { stdout, stderr } = await run('session list --subject alice --transport udp --address 127.0.0.0/8');
    expect(stderr).toMatch(/^Through the running server, .*control\.sock\n$/);
    const [id = ''] = /^\S+(?= +default\/alice +udp 127\.0\.0\.1:\d+ )/m.exec(stdout) ?? [];
    expect((await run(`session show ${id}`)).stdout).toMatch(/^relayed +127\.0\.0\.1:\d+$/m);
    expect((await run('session list --subject bob')).stdout).toBe('No session is live.\n');
    expect((await run('session end --subject bob')).stdout).toBe('Ended 0 sessions.\n');
    expect((await run('session end')).code).toBe(2);
    expect((await run(`session end ${id} --subject alice`)).code).toBe(2);
    expect((await run(`session end ${id}`)).stdout).toBe(`Ended the session ${id}.\n`);
    expect((await client.refresh(600)).code).toBe(437);
    await expect.poll(async () => (await json('session list')).total).toBe(0);
  });

  test('a destructive command says how many sessions end, and they do', async () => {
    const { run, json, client } = await calling();
    expect((await run('app disable default')).stdout).toBe(
      'Disabled the app default. 1 session ends within two seconds.\n',
    );
    await expect.poll(async () => (await json('session list')).total, { timeout: 2_000 }).toBe(0);
    expect((await client.refresh(600)).code).toBe(437);
    const refused = await run('ice');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('turnpike app enable default') as string,
    ]);
  });

  test('a setup link is printed alone on standard output, and is good', async () => {
    const { run, json } = commandsFor((await startAppliance()).dataDir);
    const { code, stdout, stderr } = await run('admin setup-link');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#\/setup\/\S{43}\n$/)]);
    expect(stderr).toMatch(/^Open it in a browser before .*; it works once\.\n$/);
    expect(await json('admin setup-link')).toEqual({
      url: expect.not.stringContaining(stdout.trimEnd()) as string,
      expiresAt: expect.stringMatching(/Z$/) as string,
    });
  });
});

test('where there is no database a command says how one comes to be, and makes nothing', async () => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await callTurnpike(['app', 'list'], cwd);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^turnpike: no Turnpike serves .*there is no database .*turnpike\.db: .*npm start.*--data-dir\.\n$/,
  );
  expect(readdirSync(cwd)).toEqual([]);
});

test('without its master key the database is not opened, and no other key is made', async () => {
  const { run, dataDir } = prepareDatabase();
  renameSync(join(dataDir, 'master-key'), join(dataDir, 'moved'));
  const { code, stderr } = await run('app list --json');
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'master_key_wrong' } });
  expect(existsSync(join(dataDir, 'master-key'))).toBe(false);
});
