import { isIP } from 'node:net';
import type { Static } from 'typebox';
import type { Ban, BanList, CreatedBan } from '../contract/admin/bans.ts';
import { pathOf, withAdmin } from './admin-access.ts';
import { wordAt, type Command, type CommandGroup } from './command.ts';
import { given, momentIn, valueOf } from './flag-values.ts';
import { isOn, lastOf } from './flags.ts';
import { formatMoment } from './format.ts';
import { endingLine, print } from './output.ts';
import { parseDurationS } from './quantity.ts';
import { tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

type BanDocument = Static<typeof Ban>;
type Target = BanDocument['target'];

const words = new Map([
  ['expiresAt', '--for'],
  ['force', '--force'],
]);

const list: Command = {
  name: 'ban list',
  summary: 'List the bans in force, the newest first',
  examples: [['turnpike ban list', 'who is shut out, and until when']],
  notes: [],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof BanList>>({ method: 'GET', path: '/bans' });
      const lines = tableLines<BanDocument>(
        [
          { title: 'ID', text: ({ id }) => id },
          { title: 'WHOM', text: ({ target }) => targetText(target), gives: true },
          { title: 'UNTIL', text: ({ expiresAt }) => (expiresAt === null ? 'no end' : formatMoment(expiresAt)) },
          { title: 'SINCE', text: ({ createdAt }) => formatMoment(createdAt) },
          { title: 'BY', text: ({ createdBy }) => createdBy, gives: true },
          { title: 'REASON', text: ({ reason }) => reason, gives: true },
        ],
        document.bans,
        'Nobody is banned.',
      );
      return print(invocation, admin.via, { document, lines });
    }),
};

const add: Command = {
  name: 'ban add',
  summary: 'Shut out an address, a range, a subject or a TURN user',
  examples: [
    ['turnpike ban add 203.0.113.9 --for 2h --reason "port scan"', 'an address; of IPv6 its /64'],
    ['turnpike ban add 203.0.113.0/24', 'a range, until the ban is lifted'],
    ['turnpike ban add chat/alice --for 30d', 'a subject of an app, whatever its address'],
    ['turnpike ban add camera-7 --user', 'a TURN user'],
  ],
  notes: ['Live sessions that it hits end within two seconds; new ones are refused.'],
  positionals: [{ name: 'TARGET', meaning: 'an address, a range, or APP/SUBJECT' }],
  flags: [
    { name: 'for', placeholder: 'TIME', description: 'Lifts itself after so long. Default: never.', key: null },
    { name: 'reason', placeholder: 'TEXT', description: 'For whoever looks at it later.', key: null },
    { name: 'user', placeholder: null, description: 'TARGET is the name of a TURN user.', key: null },
    {
      name: 'force',
      placeholder: null,
      description: 'Bans a range so wide that it is a large part of the internet.',
      key: null,
    },
  ],
  async run(invocation) {
    const { flags } = invocation;
    const target = targetOf(wordAt(invocation, 'TARGET'), isOn(flags, 'user'));
    const body = {
      target,
      reason: lastOf(flags, 'reason') ?? 'banned by command',
      ...given({ expiresAt: valueOf(flags, 'for', (text, what) => momentIn(parseDurationS(text, what))) }),
      ...(isOn(flags, 'force') ? { force: true } : {}),
    };
    return withAdmin(invocation, async (admin) => {
      const path = '/bans';
      const made = await admin.call<Static<typeof CreatedBan>>({ method: 'POST', path, body, words });
      const { ban, sessionsEnding } = made;
      const until = ban.expiresAt === null ? 'until the ban is lifted' : `until ${formatMoment(ban.expiresAt)}`;
      const lines = [`Banned ${targetText(ban.target)} ${until}, as ban ${ban.id}. ${endingLine(sessionsEnding)}`];
      return print(invocation, admin.via, { document: made, lines });
    });
  },
};

const remove: Command = {
  name: 'ban remove',
  summary: 'Lift a ban',
  examples: [
    ['turnpike ban remove k7q2m5xa', 'by its id'],
    ['turnpike ban remove 203.0.113.9', 'by whom it shuts out'],
  ],
  notes: [],
  positionals: [{ name: 'BAN', meaning: 'the id of a ban, or whom it shuts out' }],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const word = wordAt(invocation, 'BAN');
      const { bans } = await admin.call<Static<typeof BanList>>({ method: 'GET', path: '/bans' });
      const lifted = bans.filter(({ id, target }) => id === word || targetNames(target).includes(word));
      if (lifted.length === 0) throw new UsageError(`there is no ban "${word}". "turnpike ban list" shows them.`);
      for (const { id } of lifted) await admin.call({ method: 'DELETE', path: pathOf('bans', id) });
      const lines = lifted.map(({ id, target }) => `Lifted the ban ${id} of ${targetText(target)}.`);
      return print(invocation, admin.via, { document: { lifted: lifted.map(({ id }) => id) }, lines });
    }),
};

/** `turnpike ban`. */
export const banGroup: CommandGroup = {
  name: 'ban',
  summary: 'Bans by address, range, subject or TURN user',
  notes: [],
  subcommands: [list, add, remove],
};

function targetOf(word: string, isUser: boolean): Target {
  if (isUser) return { kind: 'user', name: word };
  const slash = word.indexOf('/');
  const head = slash === -1 ? word : word.slice(0, slash);
  if (isIP(head) !== 0) return { kind: 'address', range: word };
  if (slash !== -1) return { kind: 'subject', app: head, subject: word.slice(slash + 1) };
  throw new UsageError(
    `"${word}" is no address, no range, and no APP/SUBJECT. Write e.g. 203.0.113.9, 203.0.113.0/24 or default/${word}; with --user it ` +
      'is the name of a TURN user.',
  );
}

function targetText(target: Target): string {
  switch (target.kind) {
    case 'address':
      return target.range.replace(/^([\d.]+)\/32$/, '$1');
    case 'subject':
      return `${target.app}/${target.subject}`;
    case 'user':
      return `user ${target.name}`;
  }
}

/** How somebody may call whom a ban shuts out. */
function targetNames(target: Target): string[] {
  const names = [targetText(target)];
  if (target.kind === 'address') names.push(target.range);
  if (target.kind === 'user') names.push(target.name);
  return names;
}
