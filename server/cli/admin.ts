import type { Static } from 'typebox';
import type { Account, AccountList, PasswordWasReset, Unlocked } from '../contract/admin/accounts.ts';
import { pathOf, withAdmin, type Admin } from './admin-access.ts';
import { createTokenCommand, listTokensCommand, revokeTokenCommand } from './admin-tokens.ts';
import { ask } from './ask.ts';
import { wordAt, type Command, type CommandGroup, type Positional } from './command.ts';
import type { FlagDescription } from './flag-description.ts';
import { given } from './flag-values.ts';
import { isOn, lastOf } from './flags.ts';
import { formatMoment } from './format.ts';
import { print, quietFlag } from './output.ts';
import { askPassword, canAsk, readFirstLine } from './secret-input.ts';
import { tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

type AccountDocument = Static<typeof Account>;

const accountPlace: Positional = { name: 'USERNAME', meaning: 'the name of an account' };
const passwordFlag: FlagDescription = {
  name: 'password-file',
  placeholder: 'FILE',
  description: 'Takes its first line for the password, at least 12 characters; - is standard input.',
  key: null,
};

const setupLink: Command = {
  name: 'admin setup-link',
  summary: 'Print a fresh link by which the first owner makes an account',
  examples: [
    ['turnpike admin setup-link', 'good for 30 minutes, once'],
    ['turnpike admin setup-link --quiet', 'the link alone'],
  ],
  notes: [
    'It is for the running server, and ends the link before it. Without a browser, "turnpike admin create" makes an owner.',
  ],
  flags: [quietFlag],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const link = await ask(invocation, { command: 'setup-link' });
    if (isOn(flags, 'json')) terminal.stdout.write(`${JSON.stringify(link)}\n`);
    else terminal.stdout.write(`${link.url}\n`);
    if (!isOn(flags, 'json') && !isOn(flags, 'quiet')) {
      terminal.stderr.write(`Open it in a browser before ${formatMoment(link.expiresAt)}; it works once.\n`);
    }
    return 0;
  },
};

const list: Command = {
  name: 'admin list',
  summary: 'List the accounts of the console',
  examples: [['turnpike admin list', 'who may sign in, and who has']],
  notes: [],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof AccountList>>({ method: 'GET', path: '/accounts' });
      const lines = tableLines<AccountDocument>(
        [
          { title: 'USERNAME', text: ({ username }) => username, gives: true },
          { title: 'ROLE', text: ({ role }) => role },
          { title: 'TIME CODES', text: ({ totp }) => (totp ? 'on' : 'off') },
          { title: 'LAST SIGN-IN', text: ({ lastSignInAt }) => formatMoment(lastSignInAt) },
          { title: 'CREATED', text: ({ createdAt }) => formatMoment(createdAt) },
        ],
        document.accounts.toSorted((a, b) => a.username.localeCompare(b.username)),
        'There is no account. "turnpike admin setup-link" or "turnpike admin create" makes the first owner.',
      );
      return print(invocation, admin.via, { document, lines });
    }),
};

const create: Command = {
  name: 'admin create',
  summary: 'Make an account of the console',
  examples: [
    ['turnpike admin create ada', 'an owner; the password is asked for'],
    ['turnpike admin create ada --password-file pass', 'without a terminal'],
    ['turnpike admin create bob --role viewer', 'who may only look'],
  ],
  notes: ['An owner may do everything, an operator all but accounts, tokens and settings, a viewer look.'],
  positionals: [accountPlace],
  flags: [
    { name: 'role', placeholder: 'owner|operator|viewer', description: 'Default owner.', key: null },
    passwordFlag,
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const role = lastOf(flags, 'role') ?? 'owner';
    if (!['owner', 'operator', 'viewer'].includes(role)) {
      throw new UsageError(`--role "${role}" is no role. Write owner, operator or viewer.`);
    }
    const file = lastOf(flags, 'password-file');
    if (file === undefined && !canAsk(terminal)) {
      throw new UsageError(
        'there is no terminal to ask for the password at. Put it into a file: --password-file FILE.',
      );
    }
    const password = file === undefined ? await askPassword(terminal) : await readFirstLine(terminal, file);
    const body = { username: wordAt(invocation, 'USERNAME'), role, password };
    return withAdmin(invocation, async (admin) => {
      const account = await admin.call<AccountDocument>({ method: 'POST', path: '/accounts', body });
      return print(invocation, admin.via, { document: account, lines: [`Made the ${role} ${account.username}.`] });
    });
  },
};

const resetPassword: Command = {
  name: 'admin reset-password',
  summary: 'Give an account another password and end its sign-ins',
  examples: [
    ['turnpike admin reset-password ada', 'one is made and shown once'],
    ['turnpike admin reset-password ada --password-file pass', 'takes the first line of a file'],
  ],
  notes: ['Time-based codes stay as they are: see "turnpike admin disable-totp".'],
  positionals: [accountPlace],
  flags: [passwordFlag, quietFlag],
  async run(invocation) {
    const file = lastOf(invocation.flags, 'password-file');
    const password = file === undefined ? undefined : await readFirstLine(invocation.terminal, file);
    return withAdmin(invocation, async (admin) => {
      const { id, username } = await find(admin, wordAt(invocation, 'USERNAME'));
      const path = pathOf('accounts', id, 'reset-password');
      const body = given({ password });
      const reset = await admin.call<Static<typeof PasswordWasReset>>({ method: 'POST', path, body });
      const done = `Reset the password of ${username} and ended its sign-ins.`;
      const lines = reset.password === null ? [done] : [`${done} The new one is shown this once:`, reset.password];
      const value = reset.password === null ? {} : { value: reset.password };
      return print(invocation, admin.via, { document: { username, ...reset }, lines, ...value });
    });
  },
};

const disableTotp: Command = {
  name: 'admin disable-totp',
  summary: 'Ask an account for no time-based codes any more',
  examples: [['turnpike admin disable-totp ada', 'the authenticator is lost, and the recovery codes too']],
  notes: [],
  positionals: [accountPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const { id, username, totp } = await find(admin, wordAt(invocation, 'USERNAME'));
      await admin.call({ method: 'DELETE', path: pathOf('accounts', id, 'totp') });
      const line = totp ? `${username} signs in with the password alone now.` : `${username} had no time-based codes.`;
      return print(invocation, admin.via, { document: { username, disabled: totp }, lines: [line] });
    }),
};

const unlock: Command = {
  name: 'admin unlock',
  summary: 'Let an account sign in again after too many failures',
  examples: [['turnpike admin unlock ada', 'every address may try again at once']],
  notes: ['Failures lock an account out for the address that they come from alone; they outlast a restart.'],
  positionals: [accountPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const { id, username } = await find(admin, wordAt(invocation, 'USERNAME'));
      const path = pathOf('accounts', id, 'unlock');
      const { sources } = await admin.call<Static<typeof Unlocked>>({ method: 'POST', path });
      const line = `Unlocked ${username}; ${sources === 1 ? '1 address' : `${sources} addresses`} had to wait.`;
      return print(invocation, admin.via, { document: { username, sources }, lines: [line] });
    }),
};

const remove: Command = {
  name: 'admin remove',
  summary: 'Delete an account with its sign-ins and tokens',
  examples: [['turnpike admin remove bob', 'the last owner cannot be removed']],
  notes: [],
  positionals: [accountPlace],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const { id, username } = await find(admin, wordAt(invocation, 'USERNAME'));
      await admin.call({ method: 'DELETE', path: pathOf('accounts', id) });
      const lines = [`Deleted the account ${username} with its sign-ins and tokens.`];
      return print(invocation, admin.via, { document: { deleted: username }, lines });
    }),
};

/** `turnpike admin`. */
export const adminGroup: CommandGroup = {
  name: 'admin',
  summary: 'The way into the console: accounts, and tokens for programs',
  notes: [],
  subcommands: [
    setupLink,
    list,
    create,
    resetPassword,
    disableTotp,
    unlock,
    remove,
    listTokensCommand,
    createTokenCommand,
    revokeTokenCommand,
  ],
};

async function find(admin: Admin, name: string): Promise<AccountDocument> {
  const { accounts } = await admin.call<Static<typeof AccountList>>({ method: 'GET', path: '/accounts' });
  const found = accounts.find(({ id, username }) => id === name || username.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new UsageError(`there is no account "${name}". "turnpike admin list" shows them.`);
}
