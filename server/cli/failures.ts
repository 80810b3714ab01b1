import type { Static } from 'typebox';
import type { Failures, FailureSample } from '../contract/admin/failures.ts';
import { withAdmin } from './admin-access.ts';
import type { Command } from './command.ts';
import { given, valueOf } from './flag-values.ts';
import { lastOf } from './flags.ts';
import { formatMoment } from './format.ts';
import { print } from './output.ts';
import { parseCount } from './quantity.ts';
import { tableLines } from './table.ts';
import { timeRange, timeRangeFlags } from './time-range.ts';

const defaultSamples = 20;

/** `turnpike failures`. */
export const failuresCommand: Command = {
  name: 'failures',
  summary: 'Show why requests were refused, with the latest in full',
  examples: [
    ['turnpike failures', 'the last day'],
    ['turnpike failures --last 10m --app chat', 'while somebody complains'],
    ['turnpike failures --group wrong-secret', 'the samples of one cause'],
  ],
  notes: [
    'Counts are exact and kept; the samples are those that the running server remembers. "turnpike explain USERNAME" says more of one.',
  ],
  flags: [
    ...timeRangeFlags,
    { name: 'app', placeholder: 'APP', description: 'Of this app alone.', key: null },
    { name: 'group', placeholder: 'GROUP', description: 'Samples of this group alone.', key: null },
    { name: 'samples', placeholder: 'NUMBER', description: `So many samples. Default ${defaultSamples}.`, key: null },
  ],
  async run(invocation) {
    const { flags } = invocation;
    const query = given({
      ...timeRange(flags),
      app: lastOf(flags, 'app'),
      group: lastOf(flags, 'group'),
      samples: String(valueOf(flags, 'samples', parseCount) ?? defaultSamples),
    }) as Record<string, string>;
    return withAdmin(invocation, async (admin) => {
      const document = await admin.call<Static<typeof Failures>>({ method: 'GET', path: '/failures', query });
      return print(invocation, admin.via, { document, lines: describe(document) });
    });
  },
};

function describe({ causes, samples }: Static<typeof Failures>): string[] {
  const counts = tableLines(
    [
      { title: 'CAUSE', text: ({ cause }: { readonly cause: string }) => cause },
      { title: 'COUNT', text: ({ count }: { readonly count: number }) => String(count), align: 'right' },
    ] as const,
    causes.toSorted((a, b) => b.count - a.count),
    'Nothing was refused in this time.',
  );
  if (samples.length === 0) return counts;
  const latest = tableLines<Static<typeof FailureSample>>(
    [
      { title: 'AT', text: ({ at }) => formatMoment(at) },
      { title: 'CAUSE', text: ({ cause }) => cause },
      { title: 'USERNAME', text: ({ username }) => username ?? '-', gives: true },
      { title: 'CLIENT', text: ({ transport, client }) => `${transport} ${client.address}` },
      { title: 'HINT', text: ({ hint, peer }) => hint ?? peer ?? '', gives: true },
    ],
    samples,
    '',
  );
  return [...counts, '', ...latest];
}
