import { describe, expect, test } from 'vitest';
import { at } from './addresses.ts';
import { TestClient } from './test-client.ts';
import { defaultCredentials, TestMachine } from './test-machine.ts';

describe('session events', () => {
  test('a session is announced with its relays when they are attached, and before its client is told', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine, { address: at('203.0.113.9', 4711) });
    client.nonce();
    const before = machine.actions.length;
    const reply = client.allocate();
    const kinds = machine.actions.slice(before).map(({ kind }) => kind);
    expect(kinds).toEqual(['open-relay', 'attach-relay', 'session-event', 'send']);
    const event = machine.events[0];
    expect(event).toMatchObject({ type: 'session-started', username: 'alice', client: client.client });
    if (event?.type !== 'session-started') throw new Error('no session started');
    const port = event.relays[0]?.relayedTransportAddress.port;
    expect(reply?.relayed).toEqual([`198.19.0.1:${port}`]);
  });

  test.each([
    ['expired', (machine: TestMachine) => machine.advance(600)],
    ['released', (_: TestMachine, client: TestClient) => client.refresh(0)],
    ['disconnected', (machine: TestMachine, client: TestClient) => machine.clientGone(client.client)],
  ] as const)('it ends once: %s', (cause, end) => {
    const machine = new TestMachine();
    const client = new TestClient(machine, { transport: 'tcp' });
    client.allocate();
    end(machine, client);
    machine.clientGone(client.client);
    machine.advance(4000);
    expect(machine.events.slice(1)).toMatchObject([{ type: 'session-ended', username: 'alice', cause }]);
    expect(machine.actions.some(({ kind }) => kind === 'close-client')).toBe(false);
    machine.assertEmpty();
  });

  test('endAllSessions ends sessions, reservations and what is being opened, and closes streams', () => {
    const machine = new TestMachine();
    const stream = new TestClient(machine, { transport: 'tcp' });
    stream.allocate();
    new TestClient(machine).allocate();
    machine.answerOpen = () => 'later';
    const waiting = new TestClient(machine);
    waiting.allocate();
    machine.server.endAllSessions('drained', machine.nowMs);
    const ended = machine.drain();
    expect(ended.filter(({ kind }) => kind === 'close-client')).toEqual([
      { kind: 'close-client', client: stream.client },
    ]);
    machine.answer(machine.waitingRelay, 'open');
    expect(waiting.lastReply()?.code).toBe(508);
    const causes = machine.events.flatMap((event) => (event.type === 'session-ended' ? [event.cause] : []));
    expect(causes).toEqual(['drained', 'drained']);
    machine.assertEmpty();
  });

  test('endSession ends that session and no other: then 437 over UDP, while a stream is closed', () => {
    const machine = new TestMachine();
    const [udp, stream, other] = [
      new TestClient(machine),
      new TestClient(machine, { transport: 'tcp' }),
      new TestClient(machine),
    ];
    for (const client of [udp, stream, other]) client.allocate();
    const ids = machine.events.flatMap((event) => (event.type === 'session-started' ? [event.session] : []));
    const end = (index: number, client: TestClient): boolean =>
      machine.server.endSession(ids[index]!, client.client, machine.nowMs);
    expect([end(0, udp), end(1, stream)]).toEqual([true, true]);
    const actions = machine.drain();
    expect(actions.filter(({ kind }) => kind === 'close-client')).toEqual([
      { kind: 'close-client', client: stream.client },
    ]);
    expect(machine.events.slice(3)).toMatchObject([
      { type: 'session-ended', session: ids[0], cause: 'ended-by-operator' },
      { type: 'session-ended', session: ids[1], cause: 'ended-by-operator' },
    ]);
    expect([udp.refresh()?.code, other.refresh()?.code]).toEqual([437, 0]);
    expect(udp.allocate()?.code).toBe(0);
    expect(machine.server.allocationCount).toBe(2);
  });

  test.each([
    ['one that has ended', 0],
    ['the one that its client has since', 1],
  ])('endSession does nothing for %s', (_, sessionsSince) => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate();
    const [started] = machine.events;
    if (started?.type !== 'session-started') throw new Error('no session started');
    client.refresh(0);
    if (sessionsSince === 1) client.allocate();
    const before = machine.actions.length;
    expect(machine.server.endSession(started.session, client.client, machine.nowMs)).toBe(false);
    machine.drain();
    expect(machine.actions.length).toBe(before);
    expect(machine.server.allocationCount).toBe(sessionsSince);
  });

  test('a message that comes before a late timer finds expired what is expired', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate();
    machine.nowMs += 600_000;
    expect(client.refresh()?.code).toBe(437);
    expect(machine.server.nextTimeoutMs).toBe(Infinity);
  });

  test('a client that is gone is not answered, though its credential was revoked before', () => {
    const machine = new TestMachine();
    machine.answerOpen = () => 'later';
    const client = new TestClient(machine, { transport: 'tcp' });
    client.allocate();
    machine.setCredentials({ ...defaultCredentials, users: [] });
    machine.clientGone(client.client);
    expect(machine.answer(machine.waitingRelay, 'open').map(({ kind }) => kind)).toEqual(['close-relay']);
  });
});
