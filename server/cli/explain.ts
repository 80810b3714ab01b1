import type { Static } from 'typebox';
import type { Explained } from '../contract/admin/explain.ts';
import { withAdmin } from './admin-access.ts';
import { wordAt, type Command } from './command.ts';
import { given, valueOf } from './flag-values.ts';
import { formatMoment, orNone } from './format.ts';
import { print } from './output.ts';
import { readFirstLine } from './secret-input.ts';
import { pairLines } from './table.ts';

/** `turnpike explain`. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'Explain a username: its app, expiry and secret, and whether it is accepted',
  examples: [
    ['turnpike explain 1798761600:chat/alice', 'what the client has sent as USERNAME'],
    ['turnpike explain 1798761600:alice --password-file -', 'checks its password too'],
  ],
  notes: ['The exit code is 0 when a session would begin with it, and 1 when not.'],
  positionals: [{ name: 'USERNAME', meaning: 'the username that a client sends' }],
  flags: [
    {
      name: 'password-file',
      placeholder: 'FILE',
      description: 'Takes its first line for the password; - is standard input.',
      key: null,
    },
  ],
  async run(invocation) {
    const password = await valueOf(invocation.flags, 'password-file', (file) =>
      readFirstLine(invocation.terminal, file),
    );
    const body = { username: wordAt(invocation, 'USERNAME'), ...given({ password }) };
    return withAdmin(invocation, async (admin) => {
      const explained = await admin.call<Static<typeof Explained>>({ method: 'POST', path: '/explain', body });
      print(invocation, admin.via, { document: explained, lines: describe(explained) });
      return explained.accepted && explained.passwordMatches !== false ? 0 : 1;
    });
  },
};

function describe(explained: Static<typeof Explained>): string[] {
  const { kind, app, key, subject, expiresAt, isExpired, secret, accepted, findings } = explained;
  const password = new Map([
    [null, 'not given'],
    [true, 'right'],
    [false, 'wrong'],
  ]);
  return [
    ...pairLines([
      ['kind', kind],
      ['accepted', accepted ? 'yes' : 'no'],
      ['app', orNone(app, String)],
      ['API key', orNone(key, String)],
      ['subject', orNone(subject, String)],
      ['expires', `${formatMoment(expiresAt)}${isExpired ? ', which is over' : ''}`],
      ['password', password.get(explained.passwordMatches) ?? ''],
      ['secret', orNone(secret, String)],
    ]),
    ...findings.map((finding) => `- ${finding}`),
  ];
}
