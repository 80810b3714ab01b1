import { counted, sample, single, type Figures, type MetricFamily } from './metric-family.ts';
import type { RelayFigures } from './metrics-source.ts';

/** Where a counter of the relay thread is found: the part that counts, and what the counter is called there. */
type Reading = readonly [part: keyof RelayFigures['counts'], name: string];
/** What a label tells apart: the counter of each of its values. */
type Readings = Readonly<Record<string, Reading>>;

/** What clients speak to us over. */
const transports = ['udp', 'tcp', 'tls'] as const;

/** Why allocations end. The seam's `SessionEnd`, whose names these are. */
export const sessionEnds = [
  'expired',
  'released',
  'disconnected',
  'credential-revoked',
  'banned',
  'quota-exhausted',
  'session-too-long',
  'ended-by-operator',
  'drained',
  'relay-failed',
  'relay-died',
] as const;

const dropCauses = {
  malformed: ['drops', 'malformed'],
  unknown_channel: ['drops', 'unknownChannel'],
  not_permitted: ['drops', 'notPermitted'],
  rate_limited: ['drops', 'rateLimited'],
  not_sent: ['drops', 'notSent'],
  slow_reader: ['streams', 'droppedDeliveries'],
} satisfies Readings;
const messageCauses = {
  malformed: ['machine', 'malformed'],
  ignored: ['machine', 'ignored'],
  challenge_withheld: ['machine', 'challengesWithheld'],
} satisfies Readings;
const streamRefusals = {
  full: ['streams', 'refusedFull'],
  address_full: ['streams', 'refusedAddressFull'],
  accept_error: ['streams', 'acceptErrors'],
} satisfies Readings;
const streamClosures = {
  no_allocation_in_time: ['streams', 'timedOut'],
  bad_frame: ['streams', 'badFrames'],
  unread_responses: ['streams', 'unreadResponses'],
} satisfies Readings;
const handshakeResults = {
  completed: ['streams', 'tlsHandshakes'],
  failed: ['streams', 'tlsHandshakeFailures'],
  timed_out: ['streams', 'tlsHandshakesTimedOut'],
  crowded_out: ['streams', 'tlsHandshakesCrowdedOut'],
  wait_timed_out: ['streams', 'tlsWaitsTimedOut'],
  wait_crowded_out: ['streams', 'tlsWaitsCrowdedOut'],
} satisfies Readings;
const handshakeStates = {
  waiting: ['streams', 'tlsWaiting'],
  handshaking: ['streams', 'tlsHandshaking'],
} satisfies Readings;

/** Of the relay thread. Its counters begin anew whenever it does. */
export const relayFamilies: readonly MetricFamily[] = [
  single('gauge', 'turnpike_relay_up', 'Whether the relay thread answers.', ({ relay }) => (relay === null ? 0 : 1)),
  single('gauge', 'turnpike_relay_answer_seconds', 'How long the relay thread took to answer.', (figures) =>
    figures.relay === null ? null : figures.relayAnswerSeconds,
  ),
  single('counter', 'turnpike_relay_restarts_total', 'Restarts of the relay thread after it died.', ({ source }) =>
    source.relayRestarts(),
  ),
  single('gauge', 'turnpike_allocations', 'Live allocations.', ({ relay }) => relay?.allocations),
  single(
    'gauge',
    'turnpike_reservations',
    'Relay ports that are reserved (RFC 8656 section 7.2).',
    ofRelay('machine', 'reservations'),
  ),
  single(
    'gauge',
    'turnpike_relay_ports_taken',
    'Relay ports in use, of both address families together.',
    ofRelay('machine', 'portsTaken'),
  ),
  single(
    'gauge',
    'turnpike_relay_ports',
    'Relay ports that each address family has.',
    ({ source }) => source.relayPorts,
  ),
  counted('turnpike_allocations_started_total', 'Allocations that began, by the transport of the client.', {
    label: 'transport',
    values: transports,
    counts: (source) => source.sessionsStarted(),
  }),
  counted('turnpike_allocations_ended_total', 'Allocations that ended, by the cause.', {
    label: 'cause',
    values: sessionEnds,
    counts: (source) => source.sessionsEnded(),
  }),
  traffic('turnpike_relayed_packets_total', 'Packets that were relayed.', 'Packets'),
  traffic('turnpike_relayed_bytes_total', 'Payload bytes that were relayed.', 'Bytes'),
  read('counter', 'turnpike_dropped_packets_total', 'Packets that were not relayed, by the cause.', {
    cause: dropCauses,
  }),
  read('counter', 'turnpike_unanswered_messages_total', 'Messages that got no answer, by the cause.', {
    cause: messageCauses,
  }),
  single('gauge', 'turnpike_streams', 'Open TCP and TLS connections of clients.', ofRelay('streams', 'open')),
  single('counter', 'turnpike_streams_accepted_total', 'Connections that were let in.', ofRelay('streams', 'accepted')),
  read('counter', 'turnpike_streams_refused_total', 'Connections that were turned away, by the cause.', {
    cause: streamRefusals,
  }),
  read(
    'counter',
    'turnpike_streams_closed_total',
    'Connections that were closed for a fault of the client, by the cause.',
    {
      cause: streamClosures,
    },
  ),
  read('counter', 'turnpike_tls_handshakes_total', 'TLS handshakes that are over, by their result.', {
    result: handshakeResults,
  }),
  read('gauge', 'turnpike_tls_handshakes_in_progress', 'TLS handshakes that wait for their turn or are under way.', {
    state: handshakeStates,
  }),
];

function ofRelay(...reading: Reading): (figures: Figures) => number | undefined {
  return ({ relay }) => (relay === null ? undefined : countOf(relay, reading));
}

function countOf({ counts }: RelayFigures, [part, name]: Reading): number | undefined {
  return counts[part][name];
}

/** A metric whose one label tells counters of the relay thread apart. */
function read(
  type: MetricFamily['type'],
  name: string,
  help: string,
  byLabel: Readonly<Record<string, Readings>>,
): MetricFamily {
  const readings = Object.entries(byLabel);
  return {
    name,
    type,
    help,
    labels: Object.fromEntries(readings.map(([label, values]) => [label, Object.keys(values)])),
    samples: ({ relay }) => {
      if (relay === null) return [];
      return readings.flatMap(([label, values]) =>
        Object.entries(values).flatMap(([value, of]) => sample({ [label]: value }, countOf(relay, of))),
      );
    },
  };
}

function traffic(name: string, help: string, unit: 'Packets' | 'Bytes'): MetricFamily {
  const direction: Readings = {
    client_to_peer: ['traffic', `clientToPeer${unit}`],
    peer_to_client: ['traffic', `peerToClient${unit}`],
  };
  return read('counter', name, help, { direction });
}
