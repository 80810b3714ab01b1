import type { Static } from 'typebox';
import type { TurnUser, TurnUserList } from '../contract/admin/turn-users.ts';
import { pathOf, withAdmin } from './admin-access.ts';
import { wordAt, type Command, type CommandGroup, type Invocation, type Positional } from './command.ts';
import type { FlagDescription } from './flag-description.ts';
import { given, orNull, readMoment, valueOf } from './flag-values.ts';
import { isOn, lastOf } from './flags.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { formatBitsPerSecond, formatBytes, formatMoment, orNone } from './format.ts';
import { everyPage, pageFlags, pageQuery } from './paging.ts';
import { endingLine, print, quietFlag } from './output.ts';
import { parseBitsPerSecond, parseBytes, parseCount } from './quantity.ts';
import { askPassword, canAsk, generatePassword, readFirstLine } from './secret-input.ts';
import { tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

type UserDocument = Static<typeof TurnUser>;

const userPlace: Positional = { name: 'NAME', meaning: 'the name of a TURN user' };
const words = new Map([
  ['expiresAt', '--expires'],
  ['bitsPerSecond', '--bitrate'],
  ['bytesPerMonth', '--bytes-per-month'],
]);
const limitFlags: readonly FlagDescription[] = [
  flag('expires', 'TIME|none', 'From then on the user is none any more: 30d, 2027-01-31T12:00:00Z.'),
  flag('allocations', 'NUMBER|none', 'At a time.'),
  flag('bitrate', 'RATE|none', 'Of all allocations together, e.g. 8M.'),
  flag('bytes-per-month', 'SIZE|none', 'In a calendar month (UTC), e.g. 500G.'),
];
const passwordFlag = flag('password-file', 'FILE', 'Takes its first line for the password; - is standard input.');

const list: Command = {
  name: 'user list',
  summary: 'List the TURN users that the database has',
  examples: [['turnpike user list', 'with what they used this month']],
  notes: ['Users that turn.users names are in the configuration: "turnpike check-config" shows them.'],
  flags: pageFlags,
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const document = await everyPage(pageQuery(invocation.flags), 'users', (query) =>
        admin.call<Static<typeof TurnUserList>>({ method: 'GET', path: '/turn-users', query }),
      );
      const lines = tableLines<UserDocument>(
        [
          { title: 'NAME', text: ({ name }) => name, gives: true },
          { title: 'EXPIRES', text: ({ expiresAt }) => formatMoment(expiresAt) },
          { title: 'ALLOCATIONS', text: ({ allocations }) => orNone(allocations, String), align: 'right' },
          {
            title: 'BIT RATE',
            text: ({ bitsPerSecond }) => orNone(bitsPerSecond, formatBitsPerSecond),
            align: 'right',
          },
          { title: 'THIS MONTH', text: ({ bytesThisMonth }) => formatBytes(bytesThisMonth), align: 'right' },
          { title: 'OF', text: ({ bytesPerMonth }) => orNone(bytesPerMonth, formatBytes), align: 'right' },
          { title: 'SESSIONS', text: ({ liveSessions }) => String(liveSessions), align: 'right' },
        ],
        document.users,
        'There is no TURN user in the database. "turnpike user add NAME" makes one.',
      );
      return print(invocation, admin.via, { document, lines });
    }),
};

const add: Command = {
  name: 'user add',
  summary: 'Make a TURN user with a fixed password',
  examples: [
    ['turnpike user add camera-7', 'asks for the password at a terminal, else makes one'],
    ['turnpike user add camera-7 --generate --quiet', 'makes the password, and prints it alone'],
    ['turnpike user add camera-7 --password-file pass --expires 30d', 'takes the first line of a file'],
  ],
  notes: ['For devices that cannot ask for credentials. Only keys derived from the password are kept, encrypted.'],
  positionals: [userPlace],
  flags: [
    passwordFlag,
    { ...flag('generate', '', 'Makes a password and shows it once.'), placeholder: null },
    ...limitFlags,
    quietFlag,
  ],
  async run(invocation) {
    const { password, isGenerated } = await passwordOf(invocation);
    const body = { name: wordAt(invocation, 'NAME'), password, ...limitsOf(invocation.flags) };
    return withAdmin(invocation, async (admin) => {
      const user = await admin.call<UserDocument>({ method: 'POST', path: '/turn-users', body, words });
      const made = `Made the TURN user ${user.name}.`;
      const lines = isGenerated ? [`${made} Its password is shown this once:`, password] : [made];
      const document = isGenerated ? { user, password } : { user };
      return print(invocation, admin.via, { document, lines, ...(isGenerated ? { value: password } : {}) });
    });
  },
};

const set: Command = {
  name: 'user set',
  summary: 'Change the limits or the password of a TURN user',
  examples: [
    ['turnpike user set camera-7 --bitrate 4M', 'in force at once'],
    ['turnpike user set camera-7 --password-file -', 'another password, which ends the sessions of the old one'],
  ],
  notes: ['What is not named stays as it is.'],
  positionals: [userPlace],
  flags: [passwordFlag, ...limitFlags],
  async run(invocation) {
    const password = await valueOf(invocation.flags, 'password-file', (file) =>
      readFirstLine(invocation.terminal, file),
    );
    const body = { ...limitsOf(invocation.flags), ...given({ password }) };
    if (Object.keys(body).length === 0) {
      throw new UsageError('name what is to change: "turnpike user set --help" lists the flags.');
    }
    return withAdmin(invocation, async (admin) => {
      const path = pathOf('turn-users', wordAt(invocation, 'NAME'));
      const before = await admin.call<UserDocument>({ method: 'GET', path });
      const user = await admin.call<UserDocument>({ method: 'PATCH', path, body, ifMatch: '*', words });
      const ending = password === undefined ? '' : ` ${endingLine(before.liveSessions)}`;
      return print(invocation, admin.via, { document: user, lines: [`Changed the TURN user ${user.name}.${ending}`] });
    });
  },
};

const remove: Command = {
  name: 'user remove',
  summary: 'Delete a TURN user and end its sessions',
  examples: [['turnpike user remove camera-7', 'its sessions end within two seconds']],
  notes: [],
  positionals: [userPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const path = pathOf('turn-users', wordAt(invocation, 'NAME'));
      const { name, liveSessions } = await admin.call<UserDocument>({ method: 'GET', path });
      await admin.call({ method: 'DELETE', path });
      const lines = [`Deleted the TURN user ${name}. ${endingLine(liveSessions)}`];
      return print(invocation, admin.via, { document: { deleted: name, sessionsEnding: liveSessions }, lines });
    }),
};

/** `turnpike user`. */
export const userGroup: CommandGroup = {
  name: 'user',
  summary: 'TURN users with a fixed password',
  notes: ['People and browsers get time-limited credentials instead: see "turnpike ice" and "turnpike key".'],
  subcommands: [list, add, set, remove],
};

function limitsOf(flags: ParsedFlags): object {
  return given({
    expiresAt: valueOf(flags, 'expires', orNull(readMoment)),
    allocations: valueOf(flags, 'allocations', orNull(parseCount)),
    bitsPerSecond: valueOf(flags, 'bitrate', orNull(parseBitsPerSecond)),
    bytesPerMonth: valueOf(flags, 'bytes-per-month', orNull(parseBytes)),
  });
}

async function passwordOf({
  flags,
  terminal,
}: Invocation): Promise<{ readonly password: string; readonly isGenerated: boolean }> {
  const file = lastOf(flags, 'password-file');
  if (file !== undefined) return { password: await readFirstLine(terminal, file), isGenerated: false };
  if (isOn(flags, 'generate') || !canAsk(terminal)) return { password: generatePassword(), isGenerated: true };
  return { password: await askPassword(terminal), isGenerated: false };
}

function flag(name: string, placeholder: string, description: string): FlagDescription {
  return { name, placeholder, description, key: null };
}
