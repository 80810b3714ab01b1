import { describe, expect, test } from 'vitest';
import type { AddressPlan } from '../../server/seam/relay.ts';
import { writeAdditionalAddressFamily, writeEvenPort } from '../../server/stun/turn-attributes.ts';
import { at, ip } from './addresses.ts';
import { TestClient } from './test-client.ts';
import { dualStackPlan, TestMachine } from './test-machine.ts';

const own = ip('198.19.0.1');
const ipv4Only: AddressPlan = { own: [own], relays: [{ listener: own, ipv4: own, ipv6: null }], translations: [] };
const nothing: AddressPlan = { own: [], relays: [], translations: [] };

describe('a change of the address plan', () => {
  test('that changes nothing does nothing', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate();
    client.createPermission(at('8.8.8.8', 0), at('198.19.0.1', 0));
    expect(machine.setPlan(dualStackPlan)).toEqual([]);
  });

  test('ends allocations whose relay stands on an address that is gone; a stream is closed', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine, { transport: 'tcp' });
    client.allocate();
    const elsewhere = ip('198.19.0.2');
    const moved = { own: [elsewhere], relays: [{ listener: own, ipv4: elsewhere, ipv6: null }], translations: [] };
    const kinds = machine.setPlan(moved).map(({ kind }) => kind);
    expect(kinds).toEqual(['close-relay', 'session-event', 'close-client']);
    expect(machine.events.at(-1)).toMatchObject({ type: 'session-ended', cause: 'relay-failed' });
    machine.assertEmpty();
  });

  test('ends one relay of two and leaves the other', () => {
    const machine = new TestMachine();
    new TestClient(machine).allocate((writer) => void writeAdditionalAddressFamily(writer, 6));
    machine.setPlan(ipv4Only);
    expect([...machine.plane.relays.values()].map(({ address }) => address.ip.family)).toEqual([4]);
    expect(machine.server.allocationCount).toBe(1);
  });

  test('ends allocations of UDP clients whose listener is gone; a stream says by itself that it ended', () => {
    const machine = new TestMachine();
    new TestClient(machine).allocate();
    new TestClient(machine, { transport: 'tcp' }).allocate();
    const other = ip('198.19.0.2');
    machine.setPlan({ own: [own], relays: [{ listener: other, ipv4: own, ipv6: null }], translations: [] });
    expect(machine.server.allocationCount).toBe(1);
    expect([...machine.plane.relays.values()][0]?.client?.transport).toBe('tcp');
  });

  test('ends allocations whose public address is another now', () => {
    const machine = new TestMachine({ plan: ipv4Only });
    new TestClient(machine).allocate();
    machine.setPlan({ ...ipv4Only, translations: [{ local: own, public: ip('192.0.2.7') }] });
    machine.assertEmpty();
  });

  test('drops reservations on addresses that are gone', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate((writer) => void writeEvenPort(writer, { reserveNext: true }));
    client.refresh(0);
    expect(machine.server.stats.reservations).toBe(1);
    machine.setPlan(nothing);
    machine.assertEmpty();
  });

  test('fails an Allocate whose relay was opened on an address that went meanwhile: 500', () => {
    const machine = new TestMachine();
    machine.answerOpen = () => 'later';
    const client = new TestClient(machine);
    client.allocate();
    const elsewhere = ip('198.19.0.2');
    machine.setPlan({ own: [elsewhere], relays: [{ listener: own, ipv4: elsewhere, ipv6: null }], translations: [] });
    machine.answer(machine.waitingRelay, 'open');
    expect(client.lastReply()?.code).toBe(500);
    machine.assertEmpty();
  });

  test('forgets an Allocate whose listener went meanwhile: there is no socket to answer from', () => {
    const machine = new TestMachine();
    machine.answerOpen = () => 'later';
    const client = new TestClient(machine);
    client.allocate();
    const relays = [{ listener: ip('198.19.0.2'), ipv4: own, ipv6: null }];
    machine.setPlan({ own: [own], relays, translations: [] });
    expect(machine.answer(machine.waitingRelay, 'open').map(({ kind }) => kind)).toEqual(['close-relay']);
    machine.assertEmpty();
  });

  test('fails the one family of two whose address went when it was open already', () => {
    const machine = new TestMachine();
    machine.answerOpen = ({ ip: { family } }) => (family === 6 ? 'open' : 'later');
    const client = new TestClient(machine);
    client.allocate((writer) => void writeAdditionalAddressFamily(writer, 6));
    machine.setPlan(ipv4Only);
    machine.answer(machine.waitingRelay, 'open');
    expect(client.lastReply()?.addressError).toEqual({ family: 6, code: 508 });
    expect([...machine.plane.relays.values()].map(({ address }) => address.ip.family)).toEqual([4]);
  });
});
