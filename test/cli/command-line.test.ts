import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { prepareDatabase } from './prepared-database.ts';
import { callTurnpike, runTurnpike, temporaryDirectory } from './run-turnpike.ts';

const commands = [
  'serve',
  'check-config',
  'ice',
  'app',
  'secret',
  'key',
  'user',
  'session',
  'ban',
  'admin',
  'setting',
  'usage',
  'failures',
  'explain',
  'audit',
  'backup',
  'restore',
  'doctor',
  'health',
  'drain',
  'version',
];
const groups = new Map([
  ['app', ['list', 'show', 'create', 'set', 'enable', 'disable', 'delete']],
  ['secret', ['list', 'create', 'rotate', 'retire', 'revoke']],
  ['key', ['list', 'create', 'revoke']],
  ['user', ['list', 'add', 'set', 'remove']],
  ['session', ['list', 'show', 'end']],
  ['ban', ['list', 'add', 'remove']],
  [
    'admin',
    [
      ...['setup-link', 'list', 'create', 'reset-password', 'disable-totp', 'unlock', 'remove'],
      ...['tokens', 'create-token', 'revoke-token'],
    ],
  ],
  ['setting', ['list', 'set', 'unset']],
  ['audit', ['list', 'export']],
]);
const leaves = [
  ...commands.filter((command) => !groups.has(command)),
  ...[...groups].flatMap(([group, verbs]) => verbs.map((verb) => `${group} ${verb}`)),
];

describe('help is worth reading', () => {
  test.each([['--help'], ['-h'], ['help']])('turnpike %s', async (word) => {
    const { code, stdout, stderr } = await callTurnpike([word], temporaryDirectory());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Turnpike: a STUN\/TURN server/);
    expect(stdout.indexOf('Examples:')).toBeLessThan(stdout.indexOf('Commands:'));
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} +[A-Z]`, 'm'));
  });

  test.each(leaves)('turnpike %s --help', async (command) => {
    const { code, stdout, stderr } = await callTurnpike([...command.split(' '), '--help'], temporaryDirectory());
    expect([code, stderr]).toEqual([0, '']);
    const places = '(?: [A-Z]+| \\[[A-Z]+\\])*';
    expect(stdout).toMatch(
      new RegExp(`Usage: turnpike ${command}${places} \\[flags\\]\n\nExamples:\n  turnpike ${command}`),
    );
    for (const flag of ['--config FILE', '--data-dir DIRECTORY', '--json', '--help']) {
      expect(stdout).toContain(`\n  ${flag}\n`);
    }
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test.each([...groups])('turnpike %s --help names its commands', async (group, verbs) => {
    const { code, stdout, stderr } = await callTurnpike([group, '--help'], temporaryDirectory());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: turnpike ${group} COMMAND [flags]\n\nCommands:\n`);
    const named = [...stdout.matchAll(new RegExp(`^ {2}${group} ([a-z-]+)`, 'gm'))].map(([, verb]) => verb);
    expect(named).toEqual(verbs);
  });

  test('the overview and the help of a command say the same of it', async () => {
    const overview = (await callTurnpike(['help'], temporaryDirectory())).stdout;
    const rows = [...overview.matchAll(/^ {2}([a-z-]+) {2,}([A-Z].*)$/gm)].map(([, name = '', summary = '']) => ({
      name,
      summary,
    }));
    expect(rows.map(({ name }) => name)).toEqual(commands);
    for (const { name, summary } of rows) {
      const { stdout } = await callTurnpike(['help', name], temporaryDirectory());
      expect(stdout.split('\n')[0]).toBe(`${summary}.`);
    }
  });

  test('turnpike help serve tells every key, its default and its other names', async () => {
    const { stdout } = await callTurnpike(['help', 'serve'], temporaryDirectory());
    expect(stdout).toContain('\n  --turn-relay-ports VALUE\n');
    expect(stdout).toContain('\n      (turn.relayPorts, TURNPIKE_TURN_RELAY_PORTS)\n');
    expect(stdout).toMatch(/--drain-seconds NUMBER\n[^-]*A whole number of seconds\. Default 30\./);
  });

  test('without a command, help on standard error and exit code 2', async () => {
    const { code, stdout, stderr } = await runTurnpike([], temporaryDirectory());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: turnpike COMMAND');
  });
});

const targets = 'Write e.g. 203.0.113.9, 203.0.113.0/24 or default/alice; with --user it is the name of a TURN user.';
const all = `Commands: ${commands.join(', ')}.`;

describe('what is mistyped gets the nearest word and exit code 2', () => {
  test.each<[string[], string]>([
    [['sevre'], 'there is no command "sevre". Did you mean serve?'],
    [['checkconfig'], 'there is no command "checkconfig". Did you mean check-config?'],
    [['frobnicate'], `there is no command "frobnicate". ${all}`],
    [['constructor'], `there is no command "constructor". ${all}`],
    [['--turn-realm', 'x'], `name a command before --turn-realm, e.g. turnpike serve --turn-realm. ${all}`],
    [['serve', '--turn-relm', 'x'], '"turnpike serve" has no flag --turn-relm. Did you mean --turn-realm?'],
    [['serve', '--colour'], '"turnpike serve" has no flag --colour. "turnpike serve --help" lists its flags.'],
    [
      ['health', '--turn-realm', 'x'],
      '"turnpike health" has no flag --turn-realm. "turnpike health --help" lists its flags.',
    ],
    [
      ['check-config', '--__proto__', 'x'],
      '"turnpike check-config" has no flag --__proto__. "turnpike check-config --help" lists its flags.',
    ],
    [['serve', '-x'], '"turnpike serve" has no flag -x. "turnpike serve --help" lists its flags.'],
    [['serve', 'now'], '"now" is not expected after "serve". Flags begin with --; "turnpike serve --help" lists them.'],
    [['serve', '--turn-realm'], '--turn-realm needs a value: --turn-realm VALUE.'],
    [['serve', '--turn-realm', '--turn-strict-expiry'], '--turn-realm needs a value: --turn-realm VALUE.'],
    [
      ['serve', '--turn-strict-expiry=yes'],
      '--turn-strict-expiry is a switch. Write --turn-strict-expiry, --turn-strict-expiry=true or --turn-strict-expiry=false.',
    ],
    [['ice', '--ttl', '12 h'], '--ttl "12 h" is no time span. Write a number and its unit: 90s, 15m, 24h or 30d.'],
    [['ice', '--ttl', '0'], '--ttl "0" is no lifetime. Write from 1s to 7d, or that in seconds.'],
    [['ice', '--ttl', '8d'], '--ttl "8d" is no lifetime. Write from 1s to 7d, or that in seconds.'],
    [
      ['secret'],
      'say what to do: turnpike secret list|create|rotate|retire|revoke. "turnpike secret --help" explains them.',
    ],
    [
      ['secret', '--json=false'],
      'say what to do: turnpike secret list|create|rotate|retire|revoke. "turnpike secret --help" explains them.',
    ],
    [['secret', 'rotat', 'chat'], '"turnpike secret" has no command "rotat". Did you mean rotate?'],
    [['ban', '__proto__'], '"turnpike ban" has no command "__proto__". Commands: list, add, remove.'],
    [['secret', 'rotate'], '"turnpike secret rotate" needs the id of an app: turnpike secret rotate APP.'],
    [
      ['secret', 'revoke', 'chat'],
      '"turnpike secret revoke" needs the id of a secret: turnpike secret revoke APP SECRET.',
    ],
    [
      ['app', 'show', 'chat', 'x'],
      '"x" is not expected after "app show". It is called as turnpike app show APP. Flags begin with --; "turnpike app show --help" lists them.',
    ],
    [
      ['secret', 'rotate', 'chat', '--overlap', '1w'],
      '--overlap "1w" is no time span. Write a number and its unit: 90s, 15m, 24h or 30d.',
    ],
    [['ban', 'add', 'alice'], `"alice" is no address, no range, and no APP/SUBJECT. ${targets}`],
    [['setting', 'set', 'drainSecond', '5'], 'there is no setting drainSecond. Did you mean drainSeconds?'],
    [['doctor', '--firewall', 'iptables'], '--firewall "iptables" is none of ufw, nft, firewalld, aws.'],
    [
      ['ice', '--subject', 'ä'.repeat(129)],
      '--subject is longer than 256 bytes, or holds control characters. Write a shorter, plain name.',
    ],
  ])('%j', async (words, message) => {
    const { code, stdout, stderr } = await callTurnpike(words, temporaryDirectory());
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `turnpike: ${message}\n` });
  });

  test('as JSON with --json', async () => {
    const { code, stderr } = await callTurnpike(['serve', '--json', '--turn-relm=x'], temporaryDirectory());
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'usage', message: '"turnpike serve" has no flag --turn-relm. Did you mean --turn-realm?' },
    });
  });
});

describe('version', () => {
  test.each([['version'], ['--version'], ['-V']])('turnpike %s', async (word) => {
    const { code, stdout } = await callTurnpike([word], temporaryDirectory());
    const { version, platform, arch } = process;
    expect([code, stdout]).toEqual([0, `turnpike ${packageJson.version} (node ${version}, ${platform} ${arch})\n`]);
  });

  test('--json', async () => {
    const { stdout } = await runTurnpike(['version', '--json'], temporaryDirectory());
    const { version, platform, arch } = process;
    expect(JSON.parse(stdout)).toEqual({ version: packageJson.version, node: version, platform, arch });
  });
});

describe('check-config', () => {
  test('shows every value with its origin, and no secret', async () => {
    const cwd = temporaryDirectory();
    const path = join(cwd, 'turnpike.yaml');
    writeFileSync(path, 'turn:\n  users:\n    - {name: alice, password: do-not-show}\ndrainSeconds: 5\n', {
      mode: 0o600,
    });
    const words = [
      'check-config',
      '--turn-peers-allow',
      '10.0.0.0/8',
      '--turn-peers-allow=fd00::/8',
      '--turn-strict-expiry',
    ];
    const environment = { TURNPIKE_TURN_SECRETS: 'do-not-show-do-not-show', TURNPIKE_LOG_LEVEL: 'debug' };
    const { code, stdout, stderr } = await runTurnpike(words, cwd, environment);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual(['The configuration is good.', `File: ${path}`]);
    const row = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.replace(/ {2,}/g, '  ');
    expect(row('drainSeconds')).toBe(`drainSeconds  5  ${path}:4`);
    expect(row('turn.realm')).toBe('turn.realm  "turnpike.local"  default');
    expect(row('log.level')).toBe('log.level  "debug"  TURNPIKE_LOG_LEVEL');
    expect(row('turn.strictExpiry')).toBe('turn.strictExpiry  true  flag --turn-strict-expiry');
    expect(row('turn.peers.allow')).toBe('turn.peers.allow  ["10.0.0.0/8","fd00::/8"]  flag --turn-peers-allow');
    expect(row('turn.users')).toBe(`turn.users  [{"name":"alice","password":"********"}]  ${path}:2`);
    expect(row('turn.secrets')).toBe('turn.secrets  ["********"]  TURNPIKE_TURN_SECRETS');
    expect(stdout).not.toContain('do-not-show');
  });

  test('--json', async () => {
    const words = ['check-config', '--json', '--turn-secrets', 'do-not-show-do-not-show', '--turn-peers-allow', '::/0'];
    const { code, stdout } = await callTurnpike(words, temporaryDirectory());
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(document).toMatchObject({
      valid: true,
      file: null,
      config: {
        'turn.realm': { value: 'turnpike.local', origin: { layer: 'default', detail: 'default' } },
        'turn.secrets': { value: ['********'], origin: { layer: 'flag', detail: 'flag --turn-secrets' } },
      },
    });
    expect(document.warnings).toEqual([
      expect.stringMatching(/--turn-secrets is shown to every user/),
      expect.stringMatching(/every IPv6 address/),
    ]);
    expect(stdout).not.toContain('do-not-show');
  });

  test('shows what is set in the console, below every other layer', async () => {
    const { run } = prepareDatabase();
    await run('setting set drainSeconds 120');
    const { code, stdout } = await run('check-config --turn-realm turnpike.local');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^drainSeconds +120 +console$/m);
    expect((await run('check-config --drain-seconds 7')).stdout).toMatch(/^drainSeconds +7 +flag --drain-seconds$/m);
  });

  test('goes on without a database that it cannot read, and says so', async () => {
    const { run, path } = prepareDatabase();
    writeFileSync(path, 'no database');
    const { code, stdout } = await run('check-config');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/Warning: What is set in the console is left out: .*store|database/),
    ]);
  });

  test('all problems at once, with exit code 2', async () => {
    const words = ['check-config', '--turn-relay-ports', '9-8', '--drain-seconds', '1m'];
    const { code, stdout, stderr } = await callTurnpike(words, temporaryDirectory());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'turnpike: The configuration has 2 problems:\n' +
        '  drainSeconds (flag --drain-seconds): "1m" is text. Write a whole number of seconds from 0 to 86400. Without quotes and unit: 60.\n' +
        '  turn.relayPorts (flag --turn-relay-ports): "9-8" ends before it begins. Write the lower port first: 8-9.\n',
    );
    const json = await callTurnpike([...words, '--json'], temporaryDirectory());
    expect([json.code, json.stderr]).toEqual([2, '']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: false,
      problems: [
        { code: 'config_wrong_type', key: 'drainSeconds' },
        { code: 'config_impossible_value', key: 'turn.relayPorts' },
      ],
    });
  });
});

test('serve ends with exit code 2 on a wrong configuration, with the problems as JSON when asked', async () => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await runTurnpike(['serve', '--json', '--turn-relay-ports', '49152-1000'], cwd);
  expect([code, stdout]).toEqual([2, '']);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'config_invalid', problems: [{ code: 'config_impossible_value', key: 'turn.relayPorts' }] },
  });
});
