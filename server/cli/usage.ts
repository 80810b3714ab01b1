import type { Static } from 'typebox';
import type { Usage, UsagePoint } from '../contract/admin/usage.ts';
import { withAdmin } from './admin-access.ts';
import type { Command } from './command.ts';
import { given } from './flag-values.ts';
import { lastOf } from './flags.ts';
import { formatBitsPerSecond, formatBytes, formatMoment } from './format.ts';
import { print } from './output.ts';
import { tableLines, type Column } from './table.ts';
import { timeRange, timeRangeFlags } from './time-range.ts';

type Point = Static<typeof UsagePoint>;

/** `turnpike usage`. */
export const usageCommand: Command = {
  name: 'usage',
  summary: 'Show what was relayed, by time',
  examples: [
    ['turnpike usage', 'the last day, all together'],
    ['turnpike usage --last 30d --by app', 'a month, each app on its own'],
    ['turnpike usage --app chat --by subject --last 2h', 'who of an app'],
    ['turnpike usage --last 90d --resolution day --json', 'for a spreadsheet'],
  ],
  notes: [
    'Bytes are those of the payload; up is from clients to their peers. What is counted is written within seconds.',
  ],
  flags: [
    ...timeRangeFlags,
    { name: 'by', placeholder: 'app|subject|transport', description: 'Shows each on its own.', key: null },
    { name: 'app', placeholder: 'APP', description: 'Of this app alone.', key: null },
    { name: 'subject', placeholder: 'NAME', description: 'Of this subject, or TURN user, alone.', key: null },
    {
      name: 'resolution',
      placeholder: 'minute|hour|day',
      description: 'What a row stands for. Default: as fits.',
      key: null,
    },
  ],
  async run(invocation) {
    const { flags } = invocation;
    const query = given({
      ...timeRange(flags),
      groupBy: lastOf(flags, 'by'),
      app: lastOf(flags, 'app'),
      subject: lastOf(flags, 'subject'),
      resolution: lastOf(flags, 'resolution'),
    }) as Record<string, string>;
    return withAdmin(invocation, async (admin) => {
      const words = new Map([['groupBy', '--by']]);
      const document = await admin.call<Static<typeof Usage>>({ method: 'GET', path: '/usage', query, words });
      const lines = tableLines(columnsBy(lastOf(flags, 'by')), document.points, 'Nothing was relayed in this time.');
      return print(invocation, admin.via, { document, lines });
    });
  },
};

function columnsBy(group: string | undefined): Column<Point>[] {
  const own = (['app', 'subject', 'transport'] as const).filter((name) => name === group);
  return [
    { title: 'FROM', text: ({ start }) => formatMoment(start) },
    ...own.map((name): Column<Point> => ({
      title: name.toUpperCase(),
      text: (point) => (name === 'subject' && point.app !== '' ? `${point.app}/` : '') + (point[name] || 'TURN users'),
      gives: true,
    })),
    { title: 'UP', text: ({ bytesUp }) => formatBytes(bytesUp), align: 'right' },
    { title: 'DOWN', text: ({ bytesDown }) => formatBytes(bytesDown), align: 'right' },
    { title: 'PEAK', text: ({ peakBitsPerSecond }) => formatBitsPerSecond(peakBitsPerSecond), align: 'right' },
    { title: 'SESSIONS', text: ({ allocations }) => String(allocations), align: 'right' },
    { title: 'DROPPED', text: ({ drops }) => String(drops), align: 'right' },
  ];
}
