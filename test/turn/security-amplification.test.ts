import { describe, expect, test } from 'vitest';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { challengesPerSourceAndSecond } from '../../server/turn/challenge-limiter.ts';
import { at } from './addresses.ts';
import { requestedTransportUdp, TestClient, type RequestDetails } from './test-client.ts';
import { TestMachine } from './test-machine.ts';

const noCredentials = { integrity: 'none' } as const;

describe('SECURITY.md 3: no amplifier', () => {
  test.each([
    ['203.0.113.9', 32],
    ['2620:fe::9', 44],
  ])('a Binding success to %s has %i bytes', (address, size) => {
    const client = new TestClient(new TestMachine(), { address: at(address, 4711) });
    expect(client.request(Method.binding, undefined, noCredentials)?.size).toBe(size);
  });

  test.each<[string, RequestDetails, number]>([
    ['the challenge', noCredentials, 401],
    ['the challenge with FINGERPRINT', { ...noCredentials, fingerprint: true }, 401],
    ['the answer to a wrong password', { password: 'looking-glass' }, 401],
    ['the answer to a stale nonce, with FINGERPRINT', { nonce: 'stale', fingerprint: true }, 438],
  ])('%s has at most 128 bytes at the default realm', (_, details, code) => {
    const reply = new TestClient(new TestMachine()).allocate(undefined, details);
    expect(reply?.code).toBe(code);
    expect(reply?.size).toBeLessThanOrEqual(128);
  });

  test('no answer has SOFTWARE or MAPPED-ADDRESS', () => {
    const client = new TestClient(new TestMachine());
    const replies = [
      client.request(Method.binding, undefined, noCredentials),
      client.allocate(undefined, noCredentials),
      client.allocate(),
      client.refresh(),
      client.createPermission(at('8.8.8.8', 0)),
      client.channelBind(0x4000, at('8.8.8.8', 9)),
      client.createPermission(at('10.0.0.1', 0)),
    ];
    for (const reply of replies) {
      if (reply === undefined) throw new Error('no answer');
      expect([reply.has(AttributeType.software), reply.has(AttributeType.mappedAddress)]).toEqual([false, false]);
    }
  });

  /** How many of these requests are answered within one second, from ever changing ports of one address. */
  function answered(machine: TestMachine, requests: number, address: string, details: RequestDetails): number {
    const before = machine.sent.length;
    const builder = new TestClient(machine);
    const bytes = builder.build(Method.allocate, requestedTransportUdp, { nonce: 'none of ours', ...details }).slice();
    for (let port = 1; port <= requests; port++) machine.receive(bytes, machine.udpClient(at(address, port)));
    return machine.sent.length - before;
  }

  test.each<[string, RequestDetails]>([
    ['challenges', noCredentials],
    ['438', {}],
    ['400', { username: null }],
  ])('%s to one source are capped each second', (_, details) => {
    const machine = new TestMachine();
    const cap = challengesPerSourceAndSecond;
    expect(answered(machine, cap + 1000, '203.0.113.9', details)).toBe(cap);
    expect(machine.server.stats.challengesWithheld).toBe(1000);
    expect(answered(machine, 10, '203.0.113.10', details)).toBe(10);
    machine.advance(1);
    expect(answered(machine, 10, '203.0.113.9', details)).toBe(10);
  });

  test('all of a /64 is one source', () => {
    const machine = new TestMachine();
    answered(machine, challengesPerSourceAndSecond, '2620:fe::1:9', noCredentials);
    expect(answered(machine, 1, '2620:fe::2:9', noCredentials)).toBe(0);
    expect(answered(machine, 1, '2620:fe:0:1::9', noCredentials)).toBe(1);
  });

  test('streams are not capped: their source is no forgery', () => {
    const machine = new TestMachine();
    answered(machine, challengesPerSourceAndSecond, '203.0.113.9', noCredentials);
    const client = new TestClient(machine, { transport: 'tcp', address: at('203.0.113.9', 1) });
    expect(client.allocate()?.code).toBe(0);
  });
});
