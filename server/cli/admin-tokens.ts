import type { Static } from 'typebox';
import type { CreatedToken, Token, TokenList } from '../contract/admin/tokens.ts';
import { pathOf, withAdmin } from './admin-access.ts';
import { wordAt, type Command } from './command.ts';
import { valueOf } from './flag-values.ts';
import { lastOf } from './flags.ts';
import { formatMoment } from './format.ts';
import { print, quietFlag } from './output.ts';
import { parseDurationS } from './quantity.ts';
import { tableLines } from './table.ts';
import { UsageError } from './usage-error.ts';

const scopes = ['read', 'operate', 'own', 'metrics'];
const dayS = 86_400;

/** `turnpike admin tokens`. */
export const listTokensCommand: Command = {
  name: 'admin tokens',
  summary: 'List the tokens of programs that use the admin API',
  examples: [['turnpike admin tokens', 'what each may do, and when it was last used']],
  notes: [],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof TokenList>>({ method: 'GET', path: '/tokens' });
      const lines = tableLines<Static<typeof Token>>(
        [
          { title: 'ID', text: ({ id }) => id },
          { title: 'NAME', text: ({ name }) => name, gives: true },
          { title: 'SCOPE', text: ({ scope }) => scope },
          { title: 'EXPIRES', text: ({ expiresAt }) => formatMoment(expiresAt) },
          { title: 'LAST USED', text: ({ lastUsedAt }) => formatMoment(lastUsedAt) },
        ],
        document.tokens,
        'There is no token. "turnpike admin create-token NAME" makes one.',
      );
      return print(invocation, admin.via, { document, lines });
    }),
};

/** `turnpike admin create-token`. */
export const createTokenCommand: Command = {
  name: 'admin create-token',
  summary: 'Make a token for a program that uses the admin API',
  examples: [
    ['turnpike admin create-token prometheus --scope metrics --expires 365d', 'for GET /metrics alone'],
    ['turnpike admin create-token deploy --scope operate --quiet', 'the token alone, for a script'],
  ],
  notes: [
    'The program sends it as "Authorization: Bearer ...". read looks, operate changes all but accounts and tokens, own everything.',
  ],
  positionals: [{ name: 'NAME', meaning: 'a name for people' }],
  flags: [
    { name: 'scope', placeholder: scopes.join('|'), description: 'What it may do. Default read.', key: null },
    {
      name: 'expires',
      placeholder: 'TIME',
      description: 'Days that it is good for: 30d. Default 90d, at most 365d.',
      key: null,
    },
    quietFlag,
  ],
  async run(invocation) {
    const scope = lastOf(invocation.flags, 'scope') ?? 'read';
    if (!scopes.includes(scope)) throw new UsageError(`--scope "${scope}" is no scope. Write ${scopes.join(', ')}.`);
    const body = {
      name: wordAt(invocation, 'NAME'),
      scope,
      expiresInDays: valueOf(invocation.flags, 'expires', readDays) ?? 90,
    };
    return withAdmin(invocation, async (admin) => {
      const words = new Map([['expiresInDays', '--expires']]);
      const made = await admin.call<Static<typeof CreatedToken>>({ method: 'POST', path: '/tokens', body, words });
      const { id, expiresAt } = made.token;
      const lines = [`Made the token ${id}, good until ${formatMoment(expiresAt)}. It is shown this once:`, made.text];
      return print(invocation, admin.via, { document: made, lines, value: made.text });
    });
  },
};

/** `turnpike admin revoke-token`. */
export const revokeTokenCommand: Command = {
  name: 'admin revoke-token',
  summary: 'Revoke a token',
  examples: [['turnpike admin revoke-token k7q2m5xa', 'it is refused from now on']],
  notes: [],
  positionals: [{ name: 'TOKEN', meaning: 'the id of a token' }],
  flags: [],
  run: (invocation) =>
    withAdmin(invocation, async (admin) => {
      const id = wordAt(invocation, 'TOKEN');
      await admin.call({ method: 'DELETE', path: pathOf('tokens', id) });
      return print(invocation, admin.via, { document: { revoked: id }, lines: [`Revoked the token ${id}.`] });
    }),
};

function readDays(text: string, what: string): number {
  const seconds = parseDurationS(text, what);
  if (seconds % dayS === 0) return seconds / dayS;
  throw new UsageError(`${what} "${text}" is not in whole days. Write e.g. 30d.`);
}
