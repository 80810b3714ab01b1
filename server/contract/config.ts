import Type from 'typebox';
import { minBitsPerSecond, minRelayPort, minSecretCharacters } from './limits.ts';

// The one source of everything that is said of a configuration key: config/turnpike.schema.json, which validates at run
// time and in editors, config/turnpike.example.yaml and the help texts are generated from here (scripts/generate.ts).
// Beside JSON Schema's own keywords: `x-unit` names the unit of a number, `x-expects` says in words what a value with several
// forms may be, `x-secret` marks what is never shown.

const strict = { additionalProperties: false } as const;

const limit = (what: string, description: string, defaultValue: number) =>
  Type.Integer({
    description,
    default: defaultValue,
    minimum: 0,
    maximum: 1_000_000,
    'x-unit': `${what}; 0 = no limit`,
  });

const rate = (description: string) =>
  Type.Integer({
    description: `${description} At least ${minBitsPerSecond}, so that one packet of full size passes.`,
    default: 0,
    minimum: 0,
    maximum: 1_000_000_000_000,
    'x-unit': 'bits per second; 0 = no limit',
    examples: [8_000_000],
  });

const choice = <Values extends string[]>(
  values: readonly [...Values],
  description: string,
  defaultValue: Values[number],
) => Type.Enum(values, { description, default: defaultValue });

const textList = (description: string, expects: string, examples: string[][], defaultValue: string[] = []) =>
  Type.Array(Type.String(), { description, default: defaultValue, 'x-expects': expects, examples });

const pemFile = (description: string, example: string) =>
  Type.Union([Type.Null(), Type.String({ minLength: 1 })], {
    description,
    default: null,
    examples: [example],
    'x-expects': 'the path of a PEM file, or null',
  });

const httpListener =
  'http://ADDRESS:PORT or https://ADDRESS:PORT, the address being * or an IP address (IPv6 in brackets), or null';

const httpUrl = (description: string, example: string) =>
  Type.String({
    description,
    default: 'auto',
    examples: [example],
    'x-expects': 'auto, or an http:// or https:// URL without a query',
  });

const days = (description: string, defaultValue: number) =>
  Type.Integer({ description, default: defaultValue, minimum: 1, maximum: 36_500, 'x-unit': 'days' });

const StaticUser = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'The USERNAME the client sends.' }),
    password: Type.String({ minLength: 1, description: 'Its password.', 'x-secret': true }),
  },
  { ...strict, 'x-expects': '{name, password}' },
);

const Limits = Type.Object(
  {
    allocationsPerUser: limit(
      'allocations',
      'Allocations that one subject of time-limited credentials may hold at a time. A browser takes one or two for each ' +
        'connection and transport. Static users are not limited. Further Allocates are answered 486.',
      128,
    ),
    allocationsPerAddress: limit(
      'allocations',
      'Allocations that one client address may hold at a time. An office behind one NAT is one address.',
      0,
    ),
    allocationsTotal: limit('allocations', 'Allocations in all. Without it the relay ports are the limit.', 0),
    permissionsPerAllocation: limit('permissions', 'Peer addresses that one allocation may permit at a time.', 128),
    channelsPerAllocation: limit('channels', 'Channels that one allocation may bind at a time.', 128),
    bitsPerSecondPerAllocation: rate(
      'What one allocation may relay, both directions together; what is more is dropped.',
    ),
    bitsPerSecondPerUser: rate('What all allocations of one subject may relay together. Static users are not limited.'),
  },
  { ...strict, description: 'How much one client, one user and all of them may take.' },
);

const Peers = Type.Object(
  {
    allow: textList(
      'Address ranges that relayed traffic may reach although they are private or special. By default it reaches public ' +
        'addresses and our own relays only. List the address of a media server in your own network here.',
      'a list of address ranges, e.g. [10.1.2.0/24]',
      [['10.1.2.0/24', 'fd12:3456:789a::/48']],
    ),
    deny: textList(
      'Address ranges that relayed traffic may never reach. Stronger than allow.',
      'a list of address ranges, e.g. [198.51.100.0/24]',
      [['198.51.100.0/24']],
    ),
  },
  { ...strict, description: 'Which peers relayed traffic may reach, beyond the safe defaults.' },
);

const Turn = Type.Object(
  {
    realm: Type.String({
      description:
        'The realm of all credentials, sent to every client (RFC 8489 section 9.2). Any name will do; your domain is the custom.',
      default: 'turnpike.local',
      examples: ['example.org'],
    }),
    listen: textList(
      'Where clients are served. * is every address of this host, IPv4 and IPv6. tls:// needs tls.certificate; while this key is ' +
        'not set, a certificate adds tls://*:5349.',
      'a list of udp://ADDRESS:PORT, tcp://ADDRESS:PORT and tls://ADDRESS:PORT, the address being * or an IP address (IPv6 in brackets)',
      [['udp://192.0.2.1:3478', 'tcp://[2001:db8::1]:3478', 'tls://*:443']],
      ['udp://*:3478', 'tcp://*:3478'],
    ),
    publicAddress: Type.Union([Type.String(), Type.Array(Type.String())], {
      description:
        'The address under which this host is reached from outside, when it differs from its own (1:1 NAT, as on most clouds). ' +
        'auto is a public address of an interface, or else what the metadata service of AWS, Google Cloud or Azure says where the ' +
        'firmware names one of them; nobody else is asked, and without either the private address is used, with a warning. none ' +
        'advertises what is bound; else one address of each family, or local=public pairs on a host with several.',
      default: 'auto',
      examples: ['203.0.113.5', ['10.0.0.5=203.0.113.5', '10.0.0.6=203.0.113.6']],
      'x-expects': 'auto, none, one address of each family, or a list of local=public pairs',
    }),
    relayAddress: Type.Union([Type.String(), Type.Array(Type.String())], {
      description:
        'The local address that relays are opened on. auto is the address that the client called; else one address of ' +
        'each family.',
      default: 'auto',
      examples: [['192.0.2.1', '2001:db8::1']],
      'x-expects': 'auto, or a list of at most one address of each family',
    }),
    relayPorts: Type.String({
      description:
        'The UDP ports that relays are opened on; open them in the firewall. Each allocation takes one, or one of each ' +
        `family. Not below ${minRelayPort}.`,
      default: '49152-65535',
      examples: ['50000-59999'],
      'x-expects': 'two ports, lower first, e.g. 49152-65535',
    }),
    engine: choice(
      ['auto', 'js'],
      'What forwards the packets. js runs everywhere; auto takes the fastest that this host can run.',
      'auto',
    ),
    channelRange: choice(
      ['rfc8656', 'rfc5766'],
      'Which channel numbers clients may bind. rfc8656 is 0x4000-0x4FFF; rfc5766 is 0x4000-0x7FFE, for old clients.',
      'rfc8656',
    ),
    defaultAddressFamily: choice(
      ['ipv4', 'client'],
      'The family of a relay when the client names none. ipv4 is what RFC 8656 asks for; client takes the family that the ' +
        'client itself uses.',
      'ipv4',
    ),
    users: Type.Array(StaticUser, {
      description:
        'Users with a fixed password, for devices and tests. Browsers are better served by time-limited credentials ' +
        '(turnpike ice), because a page cannot keep a password.',
      default: [],
      examples: [[{ name: 'desk-phone', password: 'correct horse battery staple' }]],
      'x-expects': 'a list of {name, password}',
    }),
    secrets: Type.Array(Type.String({ 'x-secret': true }), {
      description:
        'Secrets that time-limited credentials are made with; the first one issues, all are accepted. Share one with an ' +
        'application that makes its own (username "<unix-expiry>:<subject>", password base64(HMAC-SHA1(secret, username))). ' +
        'With none, one is generated into the data directory. ' +
        `Each has at least ${minSecretCharacters} characters: openssl rand -base64 32.`,
      default: [],
      examples: [['paste the output of openssl rand -base64 32']],
      'x-expects': 'a list of text values',
    }),
    strictExpiry: Type.Boolean({
      description:
        'Whether a session ends when its time-limited credential does. By default a session that began in time goes on.',
      default: false,
    }),
    alternateServer: Type.Union([Type.Null(), Type.String(), Type.Array(Type.String())], {
      description:
        'Another TURN server that authenticated clients are sent to (300 Try Alternate) while this one drains or is full: ' +
        'IP addresses with ports, one of each family.',
      default: null,
      examples: ['192.0.2.7:3478', ['192.0.2.7:3478', '[2001:db8::7]:3478']],
      'x-expects': 'null, ADDRESS:PORT, or a list of one of each family (IPv6 in brackets)',
    }),
    peers: Peers,
    limits: Limits,
  },
  { ...strict, description: 'The STUN and TURN server.' },
);

/** The configuration that an operator writes: every key of this version, with its default. */
export const ConfigSchema = Type.Object(
  {
    dataDir: Type.String({
      minLength: 1,
      description:
        'Directory for what must survive a restart: the database, its master key, the nonce key, and the socket that local commands ' +
        'use. Made when missing. A relative path starts at the working directory.',
      default: './data',
      examples: ['/var/lib/turnpike'],
    }),
    publicHost: Type.String({
      minLength: 1,
      description:
        'The DNS name or IP address in every URL that is handed out; with tls, one that the certificate covers. auto is the first DNS ' +
        'name of the certificate, or else the public address, or else an address of this host.',
      default: 'auto',
      examples: ['turn.example.org'],
      'x-expects': 'auto, a DNS name or an IP address',
    }),
    turn: Turn,
    tls: Type.Object(
      {
        certificate: pemFile(
          'The certificate with its chain, the own one first (fullchain.pem). Both files are watched: a renewed certificate is in ' +
            'use within seconds, and no session ends.',
          '/etc/turnpike/tls/fullchain.pem',
        ),
        key: pemFile('Its private key, without a passphrase.', '/etc/turnpike/tls/privkey.pem'),
      },
      { ...strict, description: 'TLS for clients (turns:) and for the public HTTP listener. Set both keys or none.' },
    ),
    http: Type.Object(
      {
        public: Type.Union([Type.Null(), Type.String()], {
          description:
            'Where the public HTTP listener answers (/livez, /readyz, /v1). With tls it speaks HTTPS. null opens none.',
          default: 'http://*:8080',
          examples: ['http://127.0.0.1:8080', 'https://*:443'],
          'x-expects': httpListener,
        }),
        admin: Type.Union([Type.Null(), Type.String()], {
          description:
            'Where administrators reach the API and the console. http:// is for loopback alone; on any other address write https://, ' +
            'which is spoken with the certificate of tls, or else with one that is made for it. null opens none: commands on the host ' +
            'work without.',
          default: 'http://127.0.0.1:8081',
          examples: ['https://*:8443'],
          'x-expects': httpListener,
        }),
        metrics: Type.Union([Type.Null(), Type.String()], {
          description:
            'A listener for Prometheus alone, which asks for no credentials. null: /metrics is on the admin listener, for tokens of the ' +
            'scope metrics.',
          default: null,
          examples: ['http://127.0.0.1:9641'],
          'x-expects': httpListener,
        }),
        publicUrl: httpUrl(
          'The URL under which applications reach the public listener, when a proxy stands before it; with the path that it puts ' +
            'before ours, if any. auto is made of publicHost and http.public.',
          'https://turn.example.org',
        ),
        adminUrl: httpUrl(
          'The URL under which browsers reach the admin listener, when a proxy stands before it, likewise. auto is made of http.admin.',
          'https://ops.example.org/turnpike',
        ),
        trustedProxies: textList(
          'Address ranges of proxies before the HTTP listeners: what they say of the client in X-Forwarded-For and X-Forwarded-Proto is ' +
            'believed. Nobody else is.',
          'a list of address ranges, e.g. [10.1.2.3/32]',
          [['10.1.2.0/24']],
        ),
      },
      { ...strict, description: 'HTTP listeners.' },
    ),
    masterKey: Type.String({
      minLength: 1,
      'x-secret': true,
      description:
        'The key under which the database keeps secrets: 32 bytes in base64 or hexadecimal (openssl rand -base64 32). auto is the ' +
        'systemd credential turnpike-master-key, or else the file master-key in the data directory, which is made at the first start. ' +
        'Whoever loses it loses what it seals.',
      default: 'auto',
      'x-expects': 'auto, or 32 bytes in base64 or hexadecimal',
    }),
    retention: Type.Object(
      {
        minuteDays: days('Usage by minute is kept so long.', 2),
        hourDays: days('Usage by hour is kept so long.', 35),
        dayDays: days('Usage by day is kept so long.', 800),
        auditDays: days('Lines of the audit log are kept so long.', 400),
      },
      { ...strict, description: 'How long the database remembers.' },
    ),
    log: Type.Object(
      {
        level: choice(
          ['error', 'warn', 'info', 'debug', 'trace'],
          'How much is logged. A line for each session, with the address of its client, appears at debug; a refusal names its ' +
            'client at warn.',
          'info',
        ),
        format: choice(
          ['auto', 'json', 'text'],
          'json is one object a line, for machines; text is for people; auto is text on a terminal and json elsewhere.',
          'auto',
        ),
      },
      { ...strict, description: 'The log, written to standard output.' },
    ),
    drainSeconds: Type.Integer({
      minimum: 0,
      maximum: 86_400,
      description:
        'How long a stopping server waits for its sessions: no new ones are admitted, and it exits when the last has ended or ' +
        'this time is over.',
      default: 30,
      'x-unit': 'seconds',
    }),
  },
  {
    ...strict,
    title: 'Turnpike configuration',
  },
);

/** A complete configuration as it is written, before its texts are parsed. */
export type Config = Type.Static<typeof ConfigSchema>;

type Leaves<Node, Prefix extends string = ''> = {
  [Key in keyof Node & string]: Node[Key] extends readonly unknown[] | string | number | boolean | null
    ? `${Prefix}${Key}`
    : Leaves<Node[Key], `${Prefix}${Key}.`>;
}[keyof Node & string];

/** The path of a key, e.g. `turn.limits.allocationsPerUser`. */
export type ConfigKey = Leaves<Config>;
