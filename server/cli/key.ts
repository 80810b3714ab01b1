import type { Static } from 'typebox';
import type { ApiKey, ApiKeyList, CreatedApiKey, Revoked } from '../contract/admin/apps.ts';
import { pathOf, withAdmin } from './admin-access.ts';
import { appPlace } from './app.ts';
import { wordAt, type Command, type CommandGroup } from './command.ts';
import { given, readMoment, valueOf } from './flag-values.ts';
import { formatMoment } from './format.ts';
import { endingLine, print, quietFlag } from './output.ts';
import { parseCount } from './quantity.ts';
import { tableLines } from './table.ts';

const words = new Map([
  ['requestsPerSecond', '--rate'],
  ['expiresAt', '--expires'],
]);

const list: Command = {
  name: 'key list',
  summary: 'List the API keys of an app',
  examples: [['turnpike key list chat', 'when each was last used']],
  notes: [],
  positionals: [appPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const app = wordAt(invocation, 'APP');
      const path = pathOf('apps', app, 'keys');
      const document = await admin.call<Static<typeof ApiKeyList>>({ method: 'GET', path });
      const lines = tableLines<Static<typeof ApiKey>>(
        [
          { title: 'ID', text: ({ id }) => id },
          { title: 'NAME', text: ({ name }) => name, gives: true },
          { title: 'STATE', text: (key) => stateOf(key, Date.now()) },
          { title: 'RATE', text: ({ requestsPerSecond }) => `${requestsPerSecond}/s`, align: 'right' },
          { title: 'EXPIRES', text: ({ expiresAt }) => formatMoment(expiresAt) },
          { title: 'LAST USED', text: ({ lastUsedAt }) => formatMoment(lastUsedAt) },
          { title: 'SESSIONS', text: ({ liveSessions }) => String(liveSessions), align: 'right' },
        ],
        document.keys,
        `The app ${app} has no API key. "turnpike key create ${app} NAME" makes one.`,
      );
      return print(invocation, admin.via, { document, lines });
    }),
};

const create: Command = {
  name: 'key create',
  summary: 'Make an API key, by which a back end asks for credentials',
  examples: [
    ['turnpike key create chat backend', 'its text is shown this once'],
    [
      'turnpike key create chat trial --expires 30d --rate 5 --quiet',
      'for a month, five requests a second; the text alone',
    ],
  ],
  notes: ['The back end sends it as "Authorization: Bearer ..." to POST /v1/ice-servers of the public listener.'],
  positionals: [appPlace, { name: 'NAME', meaning: 'a name for people' }],
  flags: [
    { name: 'rate', placeholder: 'NUMBER', description: 'Requests a second that it may make. Default 100.', key: null },
    {
      name: 'expires',
      placeholder: 'TIME',
      description: 'A time span from now, or a moment: 90d, 2027-01-31T12:00:00Z. Default: never.',
      key: null,
    },
    quietFlag,
  ],
  async run(invocation) {
    const { flags } = invocation;
    const [app, name] = [wordAt(invocation, 'APP'), wordAt(invocation, 'NAME')];
    const requestsPerSecond = valueOf(flags, 'rate', parseCount) ?? 100;
    const body = { name, requestsPerSecond, ...given({ expiresAt: valueOf(flags, 'expires', readMoment) }) };
    return withAdmin(invocation, async (admin) => {
      const path = pathOf('apps', app, 'keys');
      const made = await admin.call<Static<typeof CreatedApiKey>>({ method: 'POST', path, body, words });
      const lines = [`Made the API key ${made.key.id} of the app ${app}. Its text is shown this once:`, made.text];
      return print(invocation, admin.via, { document: made, lines, value: made.text });
    });
  },
};

const revoke: Command = {
  name: 'key revoke',
  summary: 'Revoke an API key and end the sessions of its credentials',
  examples: [['turnpike key revoke chat k7q2m5xa', 'it has leaked']],
  notes: ['What was issued with another key, or without one, goes on.'],
  positionals: [appPlace, { name: 'KEY', meaning: 'the id of an API key' }],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const [app, id] = [wordAt(invocation, 'APP'), wordAt(invocation, 'KEY')];
      const path = pathOf('apps', app, 'keys', id);
      const { sessionsEnding } = await admin.call<Static<typeof Revoked>>({ method: 'DELETE', path });
      const lines = [`Revoked the API key ${id} of the app ${app}. ${endingLine(sessionsEnding)}`];
      return print(invocation, admin.via, { document: { revoked: id, sessionsEnding }, lines });
    }),
};

/** `turnpike key`. */
export const keyGroup: CommandGroup = {
  name: 'key',
  summary: 'API keys, by which the back ends of an app ask for credentials',
  notes: [],
  subcommands: [list, create, revoke],
};

function stateOf({ revokedAt, expiresAt }: Static<typeof ApiKey>, nowMs: number): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'live';
}
