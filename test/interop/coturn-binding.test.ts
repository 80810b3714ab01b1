import { expect, test } from 'vitest';
import { RunningProgram } from '../startup/running-program.ts';
import { startOpenAppliance } from './open-appliance.ts';

test.each([
  ['127.0.0.1', /IPv4\. UDP reflexive addr: 127\.0\.0\.1:\d+$/m],
  ['::1', /IPv6\. UDP reflexive addr: ::1:\d+$/m],
] as const)("RFC 8489 section 2: coturn's STUN client learns an address of %s", async (host, learned) => {
  const { server } = await startOpenAppliance();
  const program = new RunningProgram('turnutils_stunclient', ['-p', String(server('udp', host).port), host]);
  expect((await program.end).code).toBe(0);
  expect(program.output).toMatch(learned);
});

test.each([
  ['127.0.0.1', /reflexive addr: (127\.0\.0\.1:\d+)\n.*Local addr: : \1\n/],
  ['::1', /reflexive addr: (::1:\d+)\n.*Local addr: : \1\n/],
] as const)("RFC 5780 section 4.3, test I: coturn's NAT discovery finds none before %s", async (host, same) => {
  const { server } = await startOpenAppliance();
  const args = ['-m', '-L', host, '-p', String(server('udp', host).port), host];
  const program = new RunningProgram('turnutils_natdiscovery', args);
  expect((await program.end).code).toBe(0);
  expect(program.output).toMatch(same);
  expect(program.output).toContain('No NAT!');
});
