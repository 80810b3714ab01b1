import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { longTermKey } from '../../server/credentials/long-term-key.ts';
import { readErrorCode } from '../../server/stun/error-code.ts';
import { attribute, decodeMessage, MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { udpProtocol, writeRequestedTransport } from '../../server/stun/turn-attributes.ts';
import type { RunningProgram } from '../startup/running-program.ts';
import { readyLine, serve } from '../startup/serving.ts';
import { tempDir } from '../support/temp-dir.ts';
import { openingAllocate, readChallenge, type Challenge } from './forgeries.ts';

const user = { name: 'alice', password: 'wonderland' };

/** A signed Allocate with this nonce. */
function allocateWith({ realm, nonce }: Challenge): Uint8Array {
  const writer = new MessageWriter(Method.allocate, 'request', new Uint8Array(12));
  writeRequestedTransport(writer, udpProtocol).text(AttributeType.username, user.name);
  writer.attribute(AttributeType.realm, realm).attribute(AttributeType.nonce, nonce);
  return writer.integritySha1(longTermKey('md5', user.name, Buffer.from(realm).toString(), user.password)).finish();
}

test.skipIf(process.platform !== 'linux')(
  'SECURITY.md 4: a nonce of a server that was killed is good for the next one on its data directory, for no other',
  async () => {
    // All ports of an address of its own are free, before and after.
    const address = `127.${randomInt(1, 64)}.${randomInt(256)}.${randomInt(1, 255)}`;
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    const start = async (dataDir: string): Promise<RunningProgram> => {
      const flags = [
        `--turn-listen=udp://${address}:3478`,
        '--http-public=http://127.0.0.1:0',
        '--http-admin=http://127.0.0.1:0',
        `--data-dir=${dataDir}`,
      ];
      const server = serve(flags, { env: { TURNPIKE_TURN_USERS: JSON.stringify([user]) } });
      await server.seen(readyLine);
      return server;
    };
    const kill = async (server: RunningProgram): Promise<void> => {
      server.signal('SIGKILL');
      await server.end;
    };
    const ask = (request: Uint8Array): Promise<Uint8Array> => answerTo(socket, request, address);

    const dataDir = tempDir();
    const first = await start(dataDir);
    const challenge = readChallenge(await ask(openingAllocate()));
    if (challenge === null) throw new Error('no challenge');
    await kill(first);
    const second = await start(dataDir);
    expect(codeOf(await ask(allocateWith(challenge)))).toBe(0);
    await kill(second);
    await start(tempDir());
    expect(codeOf(await ask(allocateWith(challenge)))).toBe(438);
  },
);

async function answerTo(socket: Socket, request: Uint8Array, address: string): Promise<Uint8Array> {
  const answer = once(socket, 'message');
  socket.send(request, 3478, address);
  return ((await answer) as [Uint8Array])[0];
}

/** The error code of an answer; 0 for success. */
function codeOf(answer: Uint8Array): number | undefined {
  const message = decodeMessage(answer);
  if (typeof message === 'string') throw new Error(message);
  const error = attribute(message, AttributeType.errorCode);
  return error === undefined ? 0 : readErrorCode(error)?.code;
}
