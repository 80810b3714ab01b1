import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { rfc3489Client } from '../../scripts/test-tools.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { TurnClient } from '../support/turn-client.ts';
import { startOpenAppliance, user } from './open-appliance.ts';

const magicCookie = 0x2112a442;

/** A socket on a free port of loopback, closed when the test ends. */
async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket;
}

test('RFC 8489 section 11: a client of RFC 3489 gets no answer, and nothing else suffers', async () => {
  const appliance = await startOpenAppliance();
  const server = appliance.server('udp', '127.0.0.1');
  // The client talks to the appliance through these two, so that what passes between them is seen.
  const [front, back] = await Promise.all([openSocket(), openSocket()]);
  const requests: Buffer[] = [];
  const answers: Buffer[] = [];
  front.on('message', (request, from) => {
    requests.push(request);
    back.send(request, server.port, formatIp(server.ip));
    back.removeAllListeners('message').on('message', (answer) => {
      answers.push(answer);
      front.send(answer, from.port, from.address);
    });
  });

  const client = new RunningProgram(rfc3489Client.commands[0] ?? '', [`127.0.0.1:${String(front.address().port)}`]);
  await client.end;
  expect(requests.length).toBeGreaterThan(0);
  expect(requests.filter((bytes) => bytes.readUInt16BE(0) === 1 && bytes.readUInt32BE(4) !== magicCookie)).toEqual(
    requests,
  );

  const credential = { username: user.name, password: user.password };
  const newer = await TurnClient.overUdp(server, credential);
  onTestFinished(() => newer.close());
  expect((await newer.allocate()).code).toBe(0);
  expect(answers).toEqual([]);
  expect(client.output).toContain('Blocked or could not reach STUN server');
});
