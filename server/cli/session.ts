import type { Static } from 'typebox';
import type { Session, SessionList, SessionsEnded } from '../contract/admin/sessions.ts';
import { pathOf, withServer } from './admin-access.ts';
import { wordAt, type Command, type CommandGroup, type Positional } from './command.ts';
import { formatDuration } from './duration.ts';
import type { FlagDescription } from './flag-description.ts';
import { given } from './flag-values.ts';
import { lastOf } from './flags.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { counted, formatBytes, formatMoment, orNone } from './format.ts';
import { print } from './output.ts';
import { everyPage, pageFlags, pageQuery } from './paging.ts';
import { pairLines, tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

type SessionDocument = Static<typeof Session>;

const sessionPlace: Positional = { name: 'SESSION', meaning: 'the id of a session' };
const filterFlags: readonly FlagDescription[] = [
  flag('app', 'APP', 'Of this app.'),
  flag('subject', 'NAME', 'Of this subject.'),
  flag('user', 'NAME', 'Of this TURN user.'),
  flag('secret', 'SECRET', 'With credentials that this secret made.'),
  flag('key', 'KEY', 'With credentials that this API key issued.'),
  flag('transport', 'udp|tcp|tls', 'Of clients that use this transport.'),
  flag('address', 'ADDRESS|CIDR', 'Of clients at this address, or in this range.'),
];

const list: Command = {
  name: 'session list',
  summary: 'List the live sessions, the oldest first',
  examples: [
    ['turnpike session list', 'who is on'],
    ['turnpike session list --app chat --subject alice', 'of one subject'],
    ['turnpike session list --secret 1f2e3d4c5b6a7980', 'who still uses a secret'],
    ['turnpike session list --address 198.51.100.0/24 --limit 20', 'of a network, the first twenty'],
  ],
  notes: ['Bytes are those of the payload; up is from the client to its peers.'],
  flags: [...filterFlags, ...pageFlags],
  run: (invocation) =>
    withServer(invocation, async (admin) => {
      const filter = filterOf(invocation.flags);
      const document = await everyPage(pageQuery(invocation.flags), 'sessions', (page) =>
        admin.call<Static<typeof SessionList>>({ method: 'GET', path: '/sessions', query: { ...filter, ...page } }),
      );
      const shown = document.sessions.length;
      const lines = [
        ...tableLines(columns, document.sessions, 'No session is live.'),
        ...(shown < document.total ? [`${shown} of ${document.total} sessions.`] : []),
      ];
      return print(invocation, admin.via, { document, lines });
    }),
};

const columns = [
  { title: 'ID', text: ({ id }: SessionDocument) => id },
  { title: 'WHO', text: whoOf, gives: true },
  { title: 'CLIENT', text: ({ transport, client }: SessionDocument) => `${transport} ${endOf(client)}`, gives: true },
  { title: 'SINCE', text: ({ startedAt }: SessionDocument) => formatMoment(startedAt) },
  { title: 'UP', text: ({ bytesUp }: SessionDocument) => formatBytes(bytesUp), align: 'right' },
  { title: 'DOWN', text: ({ bytesDown }: SessionDocument) => formatBytes(bytesDown), align: 'right' },
] as const;

const show: Command = {
  name: 'session show',
  summary: 'Show a live session',
  examples: [['turnpike session show 17', 'its credential, addresses and counts']],
  notes: [],
  positionals: [sessionPlace],
  flags: [],
  run: (invocation) =>
    withServer(invocation, async (admin) => {
      const path = pathOf('sessions', wordAt(invocation, 'SESSION'));
      const session = await admin.call<SessionDocument>({ method: 'GET', path });
      return print(invocation, admin.via, { document: session, lines: describe(session, Date.now()) });
    }),
};

const end: Command = {
  name: 'session end',
  summary: 'End a live session, or all that fit',
  examples: [
    ['turnpike session end 17', 'this one'],
    ['turnpike session end --app chat --subject alice', 'all of one subject'],
  ],
  notes: ['The client may allocate again at once. To keep it away, use "turnpike ban add".'],
  positionals: [{ ...sessionPlace, isOptional: true }],
  flags: filterFlags,
  async run(invocation) {
    const id = invocation.positionals.get('SESSION');
    const filter = filterOf(invocation.flags);
    if ((id === undefined) === (Object.keys(filter).length === 0)) {
      throw new UsageError('name one session, or say by flags which: turnpike session end 17, or --app chat.');
    }
    return withServer(invocation, async (admin) => {
      if (id !== undefined) {
        await admin.call({ method: 'DELETE', path: pathOf('sessions', id) });
        return print(invocation, admin.via, { document: { ended: 1 }, lines: [`Ended the session ${id}.`] });
      }
      const path = '/sessions/end';
      const document = await admin.call<Static<typeof SessionsEnded>>({ method: 'POST', path, body: filter });
      return print(invocation, admin.via, { document, lines: [`Ended ${counted(document.ended, 'session')}.`] });
    });
  },
};

/** `turnpike session`. */
export const sessionGroup: CommandGroup = {
  name: 'session',
  summary: 'Live sessions: the allocations of clients',
  notes: ['They are those of the running server.'],
  subcommands: [list, show, end],
};

function filterOf(flags: ParsedFlags): Record<string, string> {
  return given(Object.fromEntries(filterFlags.map(({ name }) => [name, lastOf(flags, name)]))) as Record<
    string,
    string
  >;
}

function whoOf({ app, subject, user, username }: SessionDocument): string {
  return user ?? (app === null ? username : `${app}/${subject}`);
}

function endOf({ address, port }: SessionDocument['client']): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function describe(session: SessionDocument, nowMs: number): string[] {
  const { bytesUp, bytesDown, packetsUp, packetsDown } = session;
  return pairLines([
    ['id', session.id],
    ['who', whoOf(session)],
    ['username', session.username],
    ['secret', orNone(session.secret, String)],
    ['API key', orNone(session.key, String)],
    ['label', orNone(session.label, String)],
    ['client', `${session.transport} ${endOf(session.client)}`],
    ['relayed', session.relayed.map(endOf).join(', ')],
    ['since', `${formatMoment(session.startedAt)}, ${formatDuration((nowMs - Date.parse(session.startedAt)) / 1000)}`],
    ['up', `${formatBytes(bytesUp)} in ${counted(packetsUp, 'packet')}`],
    ['down', `${formatBytes(bytesDown)} in ${counted(packetsDown, 'packet')}`],
    ['dropped', counted(session.drops, 'packet')],
  ]);
}

function flag(name: string, placeholder: string, description: string): FlagDescription {
  return { name, placeholder, description, key: null };
}
