import type { Static } from 'typebox';
import type { App, AppList } from '../contract/admin/apps.ts';
import { pathOf, withAdmin, type Admin } from './admin-access.ts';
import { appFields, appFlags, appWords } from './app-flags.ts';
import { wordAt, type Command, type CommandGroup, type Positional } from './command.ts';
import { formatBitsPerSecond, formatBytes, formatMoment, orNone } from './format.ts';
import { formatDuration } from './duration.ts';
import { endingLine, print } from './output.ts';
import { pairLines, tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

type AppDocument = Static<typeof App>;

/** The id of an app, as commands about apps take it. */
export const appPlace: Positional = { name: 'APP', meaning: 'the id of an app' };

const list: Command = {
  name: 'app list',
  summary: 'List the apps with what they use',
  examples: [['turnpike app list', 'every app, its live sessions and the bytes of this month']],
  notes: [],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof AppList>>({ method: 'GET', path: '/apps' });
      const lines = tableLines<AppDocument>(
        [
          { title: 'ID', text: ({ id }) => id },
          { title: 'NAME', text: ({ name }) => name, gives: true },
          { title: 'STATE', text: ({ enabled }) => (enabled ? 'enabled' : 'disabled') },
          { title: 'SESSIONS', text: ({ liveSessions }) => String(liveSessions), align: 'right' },
          { title: 'THIS MONTH', text: ({ bytesThisMonth }) => formatBytes(bytesThisMonth), align: 'right' },
          { title: 'OF', text: ({ bytesPerMonth }) => orNone(bytesPerMonth, formatBytes), align: 'right' },
        ],
        document.apps.toSorted((a, b) => a.id.localeCompare(b.id)),
        'There is no app.',
      );
      return print(invocation, admin.via, { document, lines });
    }),
};

const show: Command = {
  name: 'app show',
  summary: 'Show an app with its limits',
  examples: [['turnpike app show chat', 'lifetimes, quotas, peers']],
  notes: [],
  positionals: [appPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const app = await read(admin, wordAt(invocation, 'APP'));
      return print(invocation, admin.via, { document: app, lines: describe(app) });
    }),
};

const create: Command = {
  name: 'app create',
  summary: 'Make an app with its first secret',
  examples: [
    ['turnpike app create chat', 'with the defaults'],
    ['turnpike app create chat --longest-ttl 4h --default-ttl 1h', 'for credentials that live shortly'],
    ['turnpike app create kiosk --bitrate 2M --bytes-per-month 500G', 'within limits'],
  ],
  notes: [
    'Its back end asks for credentials with an API key ("turnpike key create"), or makes them itself from a secret that ' +
      '"turnpike secret create" shows.',
  ],
  positionals: [{ name: 'APP', meaning: 'an id: a lower-case letter, then letters, digits and hyphens' }],
  flags: appFlags,
  async run(invocation) {
    const body = { id: wordAt(invocation, 'APP'), ...appFields(invocation.flags) };
    return withAdmin(invocation, async (admin) => {
      const app = await admin.call<AppDocument>({ method: 'POST', path: '/apps', body, words: appWords });
      return print(invocation, admin.via, { document: app, lines: [`Made the app ${app.id}.`, ...describe(app)] });
    });
  },
};

const set: Command = {
  name: 'app set',
  summary: 'Change the limits of an app',
  examples: [
    ['turnpike app set chat --allocations 4', 'at most four allocations of each subject'],
    ['turnpike app set chat --rotate-every 30', 'a new secret every 30 days'],
    ['turnpike app set chat --longest-session none', 'sessions of any length again'],
  ],
  notes: ['What is not named stays as it is. Changes are in force within a second, live sessions included.'],
  positionals: [appPlace],
  flags: appFlags,
  async run(invocation) {
    const body = appFields(invocation.flags);
    if (Object.keys(body).length === 0) {
      throw new UsageError('name what is to change: "turnpike app set --help" lists the flags.');
    }
    return withAdmin(invocation, async (admin) => {
      const app = await change(admin, wordAt(invocation, 'APP'), body);
      return print(invocation, admin.via, { document: app, lines: [`Changed the app ${app.id}.`, ...describe(app)] });
    });
  },
};

const enable: Command = {
  name: 'app enable',
  summary: 'Let a disabled app serve again',
  examples: [['turnpike app enable chat', 'its secrets and keys work as before']],
  notes: [],
  positionals: [appPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const app = await change(admin, wordAt(invocation, 'APP'), { enabled: true });
      return print(invocation, admin.via, { document: app, lines: [`Enabled the app ${app.id}.`] });
    }),
};

const disable: Command = {
  name: 'app disable',
  summary: 'Stop an app: it issues nothing and its sessions end',
  examples: [['turnpike app disable chat', 'until "turnpike app enable chat"']],
  notes: ['Live sessions of the app end within two seconds, and new ones are refused.'],
  positionals: [appPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const { id, liveSessions } = await read(admin, wordAt(invocation, 'APP'));
      const app = await change(admin, id, { enabled: false });
      const document = { ...app, sessionsEnding: liveSessions };
      return print(invocation, admin.via, { document, lines: [`Disabled the app ${id}. ${endingLine(liveSessions)}`] });
    }),
};

const remove: Command = {
  name: 'app delete',
  summary: 'Delete an app with its secrets and keys',
  examples: [['turnpike app delete chat', 'for good']],
  notes: ['Live sessions of the app end within two seconds. The default app cannot be deleted, but disabled.'],
  positionals: [appPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const { id, liveSessions } = await read(admin, wordAt(invocation, 'APP'));
      await admin.call({ method: 'DELETE', path: pathOf('apps', id) });
      const lines = [`Deleted the app ${id} with its secrets and keys. ${endingLine(liveSessions)}`];
      return print(invocation, admin.via, { document: { deleted: id, sessionsEnding: liveSessions }, lines });
    }),
};

/** `turnpike app`. */
export const appGroup: CommandGroup = {
  name: 'app',
  summary: 'Client applications: their limits, on and off',
  notes: [
    'An app has secrets, API keys, quotas and peer rules of its own. The app "default" is there from the start; its credentials name no app.',
  ],
  subcommands: [list, show, create, set, enable, disable, remove],
};

function read(admin: Admin, id: string): Promise<AppDocument> {
  return admin.call({ method: 'GET', path: pathOf('apps', id) });
}

function change(admin: Admin, id: string, body: object): Promise<AppDocument> {
  return admin.call({ method: 'PATCH', path: pathOf('apps', id), body, ifMatch: '*', words: appWords });
}

function describe(app: AppDocument): string[] {
  const days = (count: number): string => `every ${count} days`;
  return pairLines([
    ['id', app.id],
    ['name', app.name],
    ['state', app.enabled ? 'enabled' : 'disabled'],
    ['default TTL', formatDuration(app.defaultTtlSeconds)],
    ['longest TTL', formatDuration(app.longestTtlSeconds)],
    ['longest session', orNone(app.longestSessionSeconds, formatDuration)],
    ['allocations', perSubject(app.allocationsPerSubject, String)],
    ['bit rate', perSubject(app.bitsPerSecondPerSubject, formatBitsPerSecond)],
    ['bytes a month', orNone(app.bytesPerMonth, formatBytes)],
    ['peers allowed', app.peersAllow.join(', ') || 'none beside turn.peers.allow'],
    ['peers denied', app.peersDeny.join(', ') || 'none beside turn.peers.deny'],
    ['rotation', orNone(app.rotateEveryDays, days)],
    ['sessions', String(app.liveSessions)],
    ['this month', formatBytes(app.bytesThisMonth)],
    ['created', formatMoment(app.createdAt)],
    ['changed', formatMoment(app.updatedAt)],
  ]);
}

function perSubject(limit: number | null, format: (value: number) => string): string {
  if (limit === null) return 'as turn.limits says';
  return limit === 0 ? 'no limit' : `${format(limit)} for each subject`;
}
