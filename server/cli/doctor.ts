import { configLoader, locateDataDir } from '../config/load.ts';
import type { Finding } from '../app/doctor/finding.ts';
import type { Command, Invocation } from './command.ts';
import { configFlags, generalFlags } from './flag-description.ts';
import { configSources, isOn, lastOf } from './flags.ts';
import { counted } from './format.ts';
import { harmless } from './harmless.ts';
import { UsageError } from './usage-error.ts';
import { wrapText } from './wrap-text.ts';

const width = 100;
const marks = { ok: 'ok     ', warning: 'WARNING', problem: 'PROBLEM' } as const;

/** `turnpike doctor`. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Look for what keeps the server from working here, with remedies; or print firewall rules',
  examples: [
    ['turnpike doctor', 'before the first start, or when something is wrong'],
    ['turnpike doctor --json', 'for monitoring'],
    ['turnpike doctor --firewall ufw', 'the ports to open, as commands'],
  ],
  notes: [
    'It looks at ports, the relay range, addresses and the public name, the certificate, the clock, limits of the system, the data ' +
      'directory, the database and the master key, and changes nothing. It takes every flag of "turnpike serve". The exit code is 1 when ' +
      'there is a problem; warnings alone give 0.',
  ],
  flags: [
    {
      name: 'firewall',
      placeholder: 'ufw|nft|firewalld|aws',
      description: 'Prints what opens the ports of this configuration, and looks at nothing else.',
      key: null,
    },
    ...configFlags,
  ],
  run: (invocation) =>
    lastOf(invocation.flags, 'firewall') === undefined ? examineHost(invocation) : printRules(invocation),
};

async function examineHost(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const sources = sourcesOf(invocation);
  const { gatherFacts } = await import('../app/doctor/gather-facts.ts');
  const { examine } = await import('../app/doctor/examine.ts');
  const findings = examine(await gatherFacts(await locateDataDir(sources), await configLoader(sources)));
  const problems = findings.filter(({ level }) => level === 'problem').length;
  terminal.stdout.write(
    isOn(flags, 'json') ? `${JSON.stringify({ problems, findings }, null, 2)}\n` : render(findings, problems),
  );
  return problems === 0 ? 0 : 1;
}

function render(findings: readonly Finding[], problems: number): string {
  const column = Math.max(...findings.map(({ check }) => check.length));
  const indent = ' '.repeat(marks.ok.length + column + 4);
  const lines = findings.flatMap(({ check, level, message, remedy }) => {
    const [first = '', ...more] = wrapText(harmless(message), width - indent.length);
    return [
      `${marks[level]}  ${check.padEnd(column)}  ${first}`,
      ...more.map((line) => indent + line),
      ...(remedy === null ? [] : wrapText(`-> ${remedy}`, width - indent.length).map((line) => indent + line)),
    ];
  });
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  return [...lines, '', `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.`, ''].join('\n');
}

async function printRules(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const { firewalls, firewallRules, openingsOf } = await import('../app/doctor/firewall.ts');
  const word = lastOf(flags, 'firewall');
  const firewall = firewalls.find((known) => known === word);
  if (firewall === undefined) throw new UsageError(`--firewall "${word}" is none of ${firewalls.join(', ')}.`);
  const { configInForce } = await import('../app/doctor/gather-facts.ts');
  const { lookAtDatabase } = await import('../app/doctor/data-facts.ts');
  const sources = sourcesOf(invocation);
  const look = lookAtDatabase(await locateDataDir(sources));
  const openings = openingsOf(configInForce(await configLoader(sources), look));
  const rules = firewallRules(firewall, openings);
  terminal.stdout.write(
    isOn(flags, 'json') ? `${JSON.stringify({ firewall, openings, rules }, null, 2)}\n` : `${rules.join('\n')}\n`,
  );
  return 0;
}

function sourcesOf({ flags, terminal }: Invocation): ReturnType<typeof configSources> {
  return configSources(flags, [...generalFlags, ...configFlags], terminal);
}
