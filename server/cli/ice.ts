import { isSubject, isTtl, type ControlRequest, type IceReply } from '../contract/control.ts';
import { defaultCredentialTtlS, longestDefaultTtlS, maxCredentialTtlS, maxSubjectBytes } from '../contract/limits.ts';
import { ask } from './ask.ts';
import type { Command } from './command.ts';
import { formatDuration } from './duration.ts';
import { isOn, lastOf } from './flags.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { parseDurationS } from './quantity.ts';
import { UsageError } from './usage-error.ts';

/** `turnpike ice`. */
export const iceCommand: Command = {
  name: 'ice',
  summary: 'Print iceServers with a fresh credential',
  examples: [
    [
      'turnpike ice',
      `for a page: new RTCPeerConnection(what is printed); valid for ${formatDuration(defaultCredentialTtlS)}`,
    ],
    ['turnpike ice --ttl 1h --subject alice', 'for one hour and one user, whose quota it counts to'],
    ['turnpike ice --app chat', 'with the secret of another app than the default one'],
    ['turnpike ice --json', 'with its lifetime, as POST /v1/ice-servers gives it'],
  ],
  notes: [
    'Standard output is JSON and nothing else; what a person should know goes to standard error. The credential is made by the ' +
      'running server: it works at once, and stops working at its end or when its secret is removed.',
  ],
  flags: [
    {
      name: 'ttl',
      placeholder: 'TIME',
      description: `How long the credential is valid: 90s, 15m, 12h, or seconds. Default and maximum are those of the app: ${formatDuration(defaultCredentialTtlS)} and ${formatDuration(longestDefaultTtlS)} unless it is changed.`,
      key: null,
    },
    { name: 'app', placeholder: 'APP', description: 'The app whose secret makes it. Default: "default".', key: null },
    {
      name: 'subject',
      placeholder: 'NAME',
      description: `Whom it is for, at most ${maxSubjectBytes} bytes; turn.limits count by it. Default none: each credential counts on its own.`,
      key: null,
    },
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const reply = await ask(invocation, requestOf(flags));
    if (isOn(flags, 'json')) {
      terminal.stdout.write(`${JSON.stringify(reply, null, 2)}\n`);
    } else {
      terminal.stdout.write(`${JSON.stringify({ iceServers: reply.iceServers }, null, 2)}\n`);
      terminal.stderr.write(hints(reply));
    }
    return 0;
  },
};

function requestOf(flags: ParsedFlags): ControlRequest & { readonly command: 'ice' } {
  const ttl = lastOf(flags, 'ttl');
  const app = lastOf(flags, 'app');
  const subject = lastOf(flags, 'subject');
  const ttlSeconds = ttl === undefined ? undefined : /^\d+$/.test(ttl) ? Number(ttl) : parseDurationS(ttl, '--ttl');
  if (ttlSeconds !== undefined && !isTtl(ttlSeconds)) {
    throw new UsageError(
      `--ttl "${ttl}" is no lifetime. Write from 1s to ${maxCredentialTtlS / 86_400}d, or that in seconds.`,
    );
  }
  if (subject !== undefined && !isSubject(subject)) {
    throw new UsageError(
      `--subject is longer than ${maxSubjectBytes} bytes, or holds control characters. Write a shorter, plain name.`,
    );
  }
  return {
    command: 'ice',
    ...(app === undefined ? {} : { app }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function hints(reply: IceReply): string {
  const lines = [
    `Valid for ${formatDuration(reply.ttlSeconds)}, until ${reply.expiresAt}. Use it as it is: new RTCPeerConnection(<this object>).`,
    ...reply.warnings.map((warning) => `Warning: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
