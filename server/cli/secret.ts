import type { Static } from 'typebox';
import type { App, CreatedSecret, Revoked, Rotated, Secret, SecretList } from '../contract/admin/apps.ts';
import { pathOf, withAdmin, type Admin } from './admin-access.ts';
import { appPlace } from './app.ts';
import { wordAt, type Command, type CommandGroup, type Positional } from './command.ts';
import { given, momentIn, readMoment, valueOf } from './flag-values.ts';
import { counted, formatMoment } from './format.ts';
import { endingLine, print, quietFlag } from './output.ts';
import { parseDurationS } from './quantity.ts';
import { readFirstLine } from './secret-input.ts';
import { tableLines, type Column } from './table.ts';

type SecretDocument = Static<typeof Secret>;

const secretPlace: Positional = { name: 'SECRET', meaning: 'the id of a secret' };
/** The time that a command takes on its way. */
const slackS = 60;

const columns: readonly Column<SecretDocument>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'STATE', text: ({ state, issues }) => (issues ? `${state}, issues` : state) },
  { title: 'ACCEPTED UNTIL', text: ({ acceptedUntil }) => formatMoment(acceptedUntil) },
  { title: 'CREATED', text: ({ createdAt }) => formatMoment(createdAt) },
  { title: 'LAST USED', text: ({ lastUsedAt }) => formatMoment(lastUsedAt) },
  { title: 'SESSIONS', text: ({ liveSessions }) => String(liveSessions), align: 'right' },
  { title: 'ORIGIN', text: ({ origin }) => origin, gives: true },
];

const list: Command = {
  name: 'secret list',
  summary: 'List the secrets of an app and who still uses them',
  examples: [['turnpike secret list default', 'which one issues, and which has no session any more']],
  notes: [],
  positionals: [appPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const app = wordAt(invocation, 'APP');
      const path = pathOf('apps', app, 'secrets');
      const document = await admin.call<Static<typeof SecretList>>({ method: 'GET', path });
      const lines = tableLines(columns, document.secrets, `The app ${app} has no secret.`);
      return print(invocation, admin.via, { document, lines });
    }),
};

const create: Command = {
  name: 'secret create',
  summary: 'Make a secret, which issues from now on',
  examples: [
    ['turnpike secret create chat --quiet >chat.secret', 'a new one, for a back end that makes credentials itself'],
    ['turnpike secret create chat --value-file old.secret', 'one that a back end has already'],
  ],
  notes: ['The secrets before it go on as they were. The value is shown this once.'],
  positionals: [appPlace],
  flags: [
    {
      name: 'value-file',
      placeholder: 'FILE',
      description: 'Takes its first line for the value; - is standard input. Else 256 random bits are made.',
      key: null,
    },
    quietFlag,
  ],
  async run(invocation) {
    const value = await valueOf(invocation.flags, 'value-file', (file) => readFirstLine(invocation.terminal, file));
    return withAdmin(invocation, async (admin) => {
      const app = wordAt(invocation, 'APP');
      const path = pathOf('apps', app, 'secrets');
      const words = new Map([['value', 'the value']]);
      const body = given({ value });
      const made = await admin.call<Static<typeof CreatedSecret>>({ method: 'POST', path, body, words });
      const lines = [`Made the secret ${made.secret.id} of the app ${app}. Its value is shown this once:`, made.value];
      return print(invocation, admin.via, { document: made, lines, value: made.value });
    });
  },
};

const rotate: Command = {
  name: 'secret rotate',
  summary: 'Make a secret and let those before it retire after an overlap',
  examples: [
    ['turnpike secret rotate chat --overlap 24h', 'the old ones are accepted for another day'],
    ['turnpike secret rotate chat --overlap 24h --quiet', 'the new value alone'],
    ['turnpike secret list chat', 'afterwards: who still uses the old one'],
  ],
  notes: [
    'No live session ends, and no credential that was issued before is refused, as the overlap is at least the longest TTL of the app. ' +
      'The new value is shown this once; API keys use it by themselves.',
  ],
  positionals: [appPlace],
  flags: [
    {
      name: 'overlap',
      placeholder: 'TIME',
      description: 'How long the old secrets are accepted. Default: the longest TTL of the app.',
      key: null,
    },
    quietFlag,
  ],
  async run(invocation) {
    const body = given({ overlapSeconds: valueOf(invocation.flags, 'overlap', parseDurationS) });
    return withAdmin(invocation, async (admin) => {
      const app = wordAt(invocation, 'APP');
      const path = pathOf('apps', app, 'secrets', 'rotate');
      const words = new Map([['overlapSeconds', '--overlap']]);
      const done = await admin.call<Static<typeof Rotated>>({ method: 'POST', path, body, words });
      const retiring = done.retiring.map(
        ({ id, acceptedUntil, liveSessions }) =>
          `${id} retires: accepted until ${formatMoment(acceptedUntil)}, ${counted(liveSessions, 'live session')}.`,
      );
      const lines = [
        `Made the secret ${done.secret.id} of the app ${app}. Its value is shown this once:`,
        done.value,
        ...retiring,
      ];
      return print(invocation, admin.via, { document: done, lines, value: done.value });
    });
  },
};

const retire: Command = {
  name: 'secret retire',
  summary: 'Issue nothing with a secret any more, and accept it until a time',
  examples: [
    ['turnpike secret retire chat 1f2e3d4c5b6a7980', 'until the last credential made with it has expired'],
    ['turnpike secret retire chat 1f2e3d4c5b6a7980 --until 7d', 'for another week'],
  ],
  notes: ['Live sessions go on. The app needs another active secret.'],
  positionals: [appPlace, secretPlace],
  flags: [
    {
      name: 'until',
      placeholder: 'TIME',
      description: 'A time span from now, or a moment: 7d, 2027-01-31T12:00:00Z. Default: the longest TTL of the app.',
      key: null,
    },
  ],
  async run(invocation) {
    const until = valueOf(invocation.flags, 'until', readMoment);
    return withAdmin(invocation, async (admin) => {
      const [app, id] = [wordAt(invocation, 'APP'), wordAt(invocation, 'SECRET')];
      const acceptedUntil = until ?? (await lastExpiry(admin, app));
      const path = pathOf('apps', app, 'secrets', id, 'retire');
      const words = new Map([['acceptedUntil', '--until']]);
      const secret = await admin.call<SecretDocument>({ method: 'POST', path, body: { acceptedUntil }, words });
      const sessions = counted(secret.liveSessions, 'live session');
      const lines = [
        `The secret ${id} issues nothing any more, and is accepted until ${formatMoment(secret.acceptedUntil)}; ${sessions}.`,
      ];
      return print(invocation, admin.via, { document: secret, lines });
    });
  },
};

const revoke: Command = {
  name: 'secret revoke',
  summary: 'Refuse a secret from now on and end its sessions',
  examples: [['turnpike secret revoke chat 1f2e3d4c5b6a7980', 'it has leaked, or nobody uses it any more']],
  notes: [
    'Every credential made with it is refused. To change a secret without anybody noticing, use "turnpike secret rotate".',
  ],
  positionals: [appPlace, secretPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const [app, id] = [wordAt(invocation, 'APP'), wordAt(invocation, 'SECRET')];
      const path = pathOf('apps', app, 'secrets', id, 'revoke');
      const { sessionsEnding } = await admin.call<Static<typeof Revoked>>({ method: 'POST', path });
      const lines = [`Revoked the secret ${id} of the app ${app}. ${endingLine(sessionsEnding)}`];
      return print(invocation, admin.via, { document: { revoked: id, sessionsEnding }, lines });
    }),
};

/** `turnpike secret`. */
export const secretGroup: CommandGroup = {
  name: 'secret',
  summary: 'Secrets that the credentials of an app are made with',
  notes: [
    'A secret is active, retiring (accepted until a time, and issues nothing), or revoked. The newest active one issues. The secrets that ' +
      'turn.secrets names belong to the app "default" and are changed in the configuration.',
  ],
  subcommands: [list, create, rotate, retire, revoke],
};

async function lastExpiry(admin: Admin, app: string): Promise<string> {
  const { longestTtlSeconds } = await admin.call<Static<typeof App>>({ method: 'GET', path: pathOf('apps', app) });
  return momentIn(longestTtlSeconds + slackS);
}
