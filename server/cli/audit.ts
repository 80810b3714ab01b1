import type { Static } from 'typebox';
import type { AuditLine, AuditPage } from '../contract/admin/audit.ts';
import { withAdmin } from './admin-access.ts';
import type { Command, CommandGroup } from './command.ts';
import type { FlagDescription } from './flag-description.ts';
import { given, valueOf } from './flag-values.ts';
import { lastOf } from './flags.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { formatMoment } from './format.ts';
import { print } from './output.ts';
import { parseCount } from './quantity.ts';
import { tableLines } from './table.ts';
import { timeRange, timeRangeFlags } from './time-range.ts';

const defaultLines = 50;

const filterFlags: readonly FlagDescription[] = [
  ...timeRangeFlags,
  {
    name: 'actor',
    placeholder: 'NAME',
    description: 'By this account or token; "local" is the command line.',
    key: null,
  },
  { name: 'action', placeholder: 'ACTION', description: 'E.g. secret.revoke, or all of a kind: secret.', key: null },
  { name: 'target', placeholder: 'TARGET', description: 'A target and all below it: app/chat.', key: null },
];

const list: Command = {
  name: 'audit list',
  summary: 'List who changed what, the newest first',
  examples: [
    ['turnpike audit list', `the last ${defaultLines} changes`],
    ['turnpike audit list --target app/chat --last 7d', 'of one app'],
  ],
  notes: [],
  flags: [
    ...filterFlags,
    {
      name: 'limit',
      placeholder: 'NUMBER',
      description: `At most so many, up to 1000. Default ${defaultLines}.`,
      key: null,
    },
  ],
  async run(invocation) {
    const limit = valueOf(invocation.flags, 'limit', (text, what) => parseCount(text, what, 1)) ?? defaultLines;
    const query = { ...filterOf(invocation.flags), limit: String(limit) };
    return withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof AuditPage>>({ method: 'GET', path: '/audit', query });
      const lines = tableLines<Static<typeof AuditLine>>(
        [
          { title: 'AT', text: ({ at }) => formatMoment(at) },
          { title: 'BY', text: ({ actor }) => actor.name || actor.kind, gives: true },
          { title: 'FROM', text: ({ address }) => address ?? '-' },
          { title: 'ACTION', text: ({ action }) => action },
          { title: 'TARGET', text: ({ target }) => target, gives: true },
        ],
        document.lines,
        'Nothing was changed in this time.',
      );
      return print(invocation, admin.via, { document, lines });
    });
  },
};

const exportCommand: Command = {
  name: 'audit export',
  summary: 'Write the log of changes to standard output, whole',
  examples: [
    ['turnpike audit export >audit.ndjson', 'a JSON document a line, with what was before and after'],
    ['turnpike audit export --format csv --last 365d >audit.csv', 'for a spreadsheet'],
  ],
  notes: [],
  flags: [...filterFlags, { name: 'format', placeholder: 'ndjson|csv', description: 'Default ndjson.', key: null }],
  async run(invocation) {
    const query = { ...filterOf(invocation.flags), format: lastOf(invocation.flags, 'format') ?? 'ndjson' };
    return withAdmin(invocation, async (admin) => {
      const text = await admin.call<string | null>({ method: 'GET', path: '/audit/export', query });
      invocation.terminal.stdout.write(text ?? '');
      return 0;
    });
  },
};

/** `turnpike audit`. */
export const auditGroup: CommandGroup = {
  name: 'audit',
  summary: 'The log of changes: who, from where, before and after',
  notes: [],
  subcommands: [list, exportCommand],
};

function filterOf(flags: ParsedFlags): Record<string, string> {
  return given({
    ...timeRange(flags),
    actor: lastOf(flags, 'actor'),
    action: lastOf(flags, 'action'),
    target: lastOf(flags, 'target'),
  }) as Record<string, string>;
}
