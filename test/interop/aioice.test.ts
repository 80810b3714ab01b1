import path from 'node:path';
import { expect, test } from 'vitest';
import { findCommand, pythonWithAioice } from '../../scripts/test-tools.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { eventually } from '../support/appliance.ts';
import { startOpenAppliance, user } from './open-appliance.ts';

const program = path.join(import.meta.dirname, 'aioice-relay.py');

test.each([
  ['udp', '127.0.0.1'],
  ['tcp', '127.0.0.1'],
  ['tls', '127.0.0.1'],
  ['udp', '::1'],
  ['tcp', '::1'],
  ['tls', '::1'],
] as const)('RFC 8445: two relay-only peers of aioice talk both ways, over %s and %s', async (transport, host) => {
  const { running, server } = await startOpenAppliance();
  const python = findCommand(pythonWithAioice.commands, pythonWithAioice.probe);
  if (python === null) throw new Error(`${pythonWithAioice.name} is missing. ${pythonWithAioice.remedy}`);
  const port = String(server(transport, host).port);
  const peers = new RunningProgram(python, [program, transport, host, port, user.name, user.password]);
  await peers.end;
  expect(peers.output.trim()).toBe('{"candidates": ["relay"], "arrived": [100, 100]}');
  const events = (event: string): number => running.log.filter((line) => line.event === event).length;
  expect(events('session_started')).toBe(2);
  await eventually('both peers delete their allocations', () => events('session_ended') === 2);
});
