import { judge, type Verdict } from './budgets.ts';
import { labelOf } from './contestants/all-contestants.ts';
import type { ContestantName } from './options.ts';
import { overTransport, rateReached, type Results } from './results.ts';
import type { IssuingSample } from './scenarios/issuing.ts';
import type { RelaySample } from './scenarios/relay.ts';
import { stretchesOf, type SoakMoment, type SoakRun } from './soak/soak-run.ts';
import { median } from './statistics.ts';

/** The results as a page of tables. */
export function renderMarkdown(results: Results): string {
  const { machine, options } = results;
  const settings = `${options.rounds} interleaved rounds of ${options.windowMs} ms each, after ${options.warmupMs} ms`;
  const sections = [
    `${machine.cpuCount} x ${machine.cpuModel}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, ` +
      `coturn ${machine.coturn ?? 'not installed'}. ${settings}. Measured ${machine.measuredAt}.`,
    section('Budgets', budgetTable(judge(results))),
    section('Relayed media, 200-byte payloads of 100 clients on UDP, both directions', relayTable(results.relay)),
    section('With a saturated main thread beside it', relayTable(results.busy)),
    section('Beside the issuing of credentials', issuingTable(results.issuing)),
    ...(['tcp', 'tls'] as const).map((transport) =>
      section(
        `Clients on ${transport.toUpperCase()}, peers on UDP`,
        relayTable(overTransport(results.streams, transport)),
      ),
    ),
    section('Allocations', allocateTable(results)),
    section('Binding requests', bindingTable(results)),
    section('Start', startTable(results)),
    section('Soak', results.soak.map(soakTables).join('\n\n')),
    section('Notes of the run', results.notes.map((note) => `- ${note}`).join('\n')),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function section(title: string, body: string): string {
  return body === '' ? '' : `### ${title}\n\n${body}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function budgetTable(verdicts: readonly Verdict[]): string {
  return table(
    ['what', 'budget', 'measured', 'spread', 'verdict'],
    verdicts.map(({ what, unit, limit, measured, detail, verdict }) => [
      what,
      limit === null ? '' : withUnit(limit, unit),
      measured === null ? '' : withUnit(measured, unit),
      detail,
      verdict,
    ]),
  );
}

function withUnit(value: number, unit: Verdict['unit']): string {
  if (unit === 'x') return `${value.toFixed(2)}x`;
  if (unit === 'MiB/h') return `${value.toFixed(1)} MiB/h`;
  return `${Math.round(value).toLocaleString('en')} ${unit === 'us' ? 'µs' : unit}`.trim();
}

/** What the system calls the thread of the relay, cut off after 15 bytes. */
const relayThread = 'turnpike-relay';

/** Groups samples by a key, in the order in which the keys first appear. */
function grouped<Sample, Key>(samples: readonly Sample[], key: (sample: Sample) => Key): Map<Key, Sample[]> {
  const groups = new Map<Key, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(key(sample));
    if (group === undefined) groups.set(key(sample), [sample]);
    else group.push(sample);
  }
  return groups;
}

function relayTable(samples: readonly RelaySample[]): string {
  const rows = [...grouped(samples, ({ rate }) => rate)].flatMap(([rate, atRate]) =>
    [...grouped(atRate, ({ contestant }) => contestant)]
      .toSorted(byName)
      .map(([name, group]) => relayRow(rate, name, group)),
  );
  const head = [
    'offered /s',
    'server',
    'relayed /s',
    'lost',
    'CPU µs/packet',
    'its busiest thread',
    'p50 µs',
    'p99 µs',
    'max µs',
  ];
  return table(head, rows);
}

function issuingTable(samples: readonly IssuingSample[]): string {
  const rows = samples.map(({ round, alone, beside, grantedPerSecond, refused }) => [
    String(round + 1),
    ...[alone.p50Us, beside.p50Us, alone.p99Us, beside.p99Us].map((value) => value.toFixed(0)),
    String(grantedPerSecond),
    String(refused),
  ]);
  return table(['round', 'p50 µs alone', 'beside', 'p99 µs alone', 'beside', 'issued /s', 'refused'], rows);
}

function byName([left]: readonly [ContestantName, unknown], [right]: readonly [ContestantName, unknown]): number {
  return order.indexOf(left) - order.indexOf(right);
}

const order: readonly ContestantName[] = ['turnpike', 'bare-node', 'bare-stream', 'bare-c', 'coturn', 'node-turn'];

function relayRow(rate: number, name: ContestantName, group: readonly RelaySample[]): string[] {
  const middle = (figure: (sample: RelaySample) => number): number => median(group.map(figure));
  const oneWay = group.some(({ directions }) => directions !== 'both');
  const missed = group.filter((sample) => !rateReached(sample)).length;
  return [
    `${rate.toLocaleString('en')}${missed > 0 ? ` (not reached in ${missed} of ${group.length})` : ''}`,
    `${labelOf(name)}${oneWay ? ', peer to client only' : ''}`,
    Math.round(middle((sample) => sample.relayedPerSecond)).toLocaleString('en'),
    `${(100 * middle((sample) => sample.lossRatio)).toFixed(2)} %`,
    middle((sample) => sample.cpuUsPerPacket).toFixed(2),
    middle((sample) => sample.busiestThreadUsPerPacket).toFixed(2),
    middle((sample) => sample.p50Us).toFixed(0),
    middle((sample) => sample.p99Us).toFixed(0),
    middle((sample) => sample.maxUs).toFixed(0),
  ];
}

function allocateTable({ allocate }: Results): string {
  const head = [
    'server',
    'allocations',
    'challenge µs',
    'Allocate µs',
    'ChannelBind µs',
    'release µs',
    'allocations /s',
    'bytes each',
    'bytes each, second half',
  ];
  const rows = [...grouped(allocate, ({ contestant }) => contestant)].toSorted(byName).map(([name, group]) => {
    const middle = (figure: (sample: (typeof group)[number]) => number, digits: number): string =>
      median(group.map(figure)).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return [
      labelOf(name),
      middle((sample) => sample.allocations, 0),
      middle((sample) => sample.challengeCpuUs, 1),
      middle((sample) => sample.allocateCpuUs, 1),
      middle((sample) => sample.channelBindCpuUs, 1),
      middle((sample) => sample.releaseCpuUs, 1),
      middle((sample) => sample.allocationsPerSecond, 0),
      middle((sample) => sample.residentBytesPerAllocation, 0),
      middle((sample) => sample.residentBytesPerLaterAllocation, 0),
    ];
  });
  return table(head, rows);
}

function bindingTable({ binding }: Results): string {
  const rows = [...grouped(binding, ({ contestant }) => contestant)]
    .toSorted(byName)
    .map(([name, group]) => [
      labelOf(name),
      Math.round(median(group.map((sample) => sample.answersPerSecond))).toLocaleString('en'),
      median(group.map((sample) => sample.cpuUsPerAnswer)).toFixed(2),
      String(median(group.map((sample) => sample.answerBytes))),
    ]);
  return table(['server', 'answers /s', 'CPU µs/answer', 'answer bytes'], rows);
}

function startTable({ start }: Results): string {
  if (start.length === 0) return '';
  const row = (what: string, values: readonly number[]): string[] => [
    what,
    median(values).toFixed(0),
    Math.min(...values).toFixed(0),
    Math.max(...values).toFixed(0),
  ];
  return table(
    ['from process start to', 'median ms', 'least', 'most'],
    [
      row(
        'the ready line',
        start.map(({ readyMs }) => readyMs),
      ),
      row(
        'the first answered Binding request',
        start.map(({ firstAnswerMs }) => firstAnswerMs),
      ),
    ],
  );
}

function soakTables(run: SoakRun): string {
  const { before, after, load } = run;
  const rows = [
    soakRow('before', [before]),
    ...stretchesOf(run).map((stretch) => soakRow(((stretch[0]?.atS ?? 0) / 60).toFixed(1), stretch)),
    soakRow('after', [after]),
  ];
  const head = [
    'minute',
    'resident MiB',
    'of it anonymous',
    'descriptors',
    'allocations',
    'streams',
    'CPU relay thread',
    'CPU the others',
    'Binding p50 µs',
    'p99 µs',
    'max µs',
  ];
  const counted: readonly (readonly [string, number])[] = [
    ...Object.entries(load.arrived).map(
      ([transport, count]) => [`clients on ${transport.toUpperCase()}`, count] as const,
    ),
    ['clients that released', load.released],
    ['clients that vanished', load.vanished],
    ['media packets sent, of calls judged', load.mediaSent],
    ['media packets received', load.mediaReceived],
    ['requests', load.requests],
    ['requests sent again', load.retransmissions],
    ['datagrams dropped at the listener', run.listenerDrops],
    ...Object.entries(load.strangers).map(([kind, count]) => [`strangers: ${kind}`, count] as const),
  ];
  const counts = counted.map(([what, count]) => [what, count.toLocaleString('en')]);
  return `${table(head, rows)}\n\n${table(['counted', 'in all'], counts)}`;
}

/** The middle of each figure over a stretch of moments, and the CPU time that it took. */
function soakRow(when: string, moments: readonly SoakMoment[]): string[] {
  const middle = (figure: (moment: SoakMoment) => number | null, digits: number): string =>
    median(moments.map(figure).filter((value) => value !== null)).toFixed(digits);
  return [
    when,
    middle(({ server }) => server.residentBytes / 1024 / 1024, 1),
    middle(({ server }) => server.anonymousBytes / 1024 / 1024, 1),
    middle(({ server }) => server.descriptors, 0),
    middle(({ allocations }) => allocations, 0),
    middle(({ counts }) => counts.streams?.open ?? 0, 0),
    cpuShare(moments, (thread) => thread === relayThread),
    cpuShare(moments, (thread) => thread !== relayThread),
    middle(({ bindings }) => bindings.p50Us, 0),
    middle(({ bindings }) => bindings.p99Us, 0),
    Math.max(...moments.map(({ bindings }) => bindings.maxUs ?? 0)).toFixed(0),
  ];
}

/** CPU time of the chosen threads from the first to the last moment, over the time between. */
function cpuShare(moments: readonly SoakMoment[], isChosen: (thread: string) => boolean): string {
  const [first, last] = [moments[0], moments.at(-1)];
  if (first === undefined || last === undefined || first === last) return '';
  const cpuMs = ({ server }: SoakMoment): number =>
    Object.entries(server.threadCpuMs).reduce((sum, [name, ms]) => (isChosen(name) ? sum + ms : sum), 0);
  return `${((cpuMs(last) - cpuMs(first)) / 10 / (last.atS - first.atS)).toFixed(1)} %`;
}
