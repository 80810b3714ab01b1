import { describe, expect, test } from 'vitest';
import { firewallRules, openingsOf } from '../../../server/app/doctor/firewall.ts';
import { loadOptions } from '../../../server/config/load.ts';

const { resolved: config } = loadOptions(
  {
    turn: {
      relayPorts: '50000-50999',
      listen: [
        'udp://*:3478',
        'tcp://192.0.2.1:3478',
        'tcp://[2001:db8::1]:3478',
        'tcp://*:5349',
        'udp://127.0.0.1:9999',
      ],
    },
    http: { public: 'http://*:443', admin: 'https://*:8443' },
  },
  '/',
);

describe('what has to be open', () => {
  test('is what clients call and where media comes from: no loopback, no admin listener, nothing twice', () => {
    expect(openingsOf(config).map(({ protocol, ports }) => [protocol, ports.first, ports.last])).toEqual([
      ['udp', 3478, 3478],
      ['tcp', 3478, 3478],
      ['tcp', 5349, 5349],
      ['udp', 50_000, 50_999],
      ['tcp', 443, 443],
    ]);
  });

  test('is nothing of a listener whose port is any', () => {
    const { resolved: anyPort } = loadOptions({ turn: { listen: ['udp://*:0'] }, http: { public: null } }, '/');
    expect(openingsOf(anyPort).map(({ purpose }) => purpose)).toEqual(['relayed media']);
  });
});

test.each([
  ['ufw', "ufw allow proto udp to any port 50000:50999 comment 'turnpike: relayed media'"],
  ['nft', `nft add rule inet filter input udp dport 50000-50999 accept comment '"turnpike: relayed media"'`],
  ['firewalld', 'firewall-cmd --permanent --add-port=50000-50999/udp'],
  [
    'aws',
    "aws ec2 authorize-security-group-ingress --group-id GROUP --ip-permissions 'IpProtocol=udp,FromPort=50000,ToPort=50999," +
      `IpRanges=[{CidrIp=0.0.0.0/0,Description="turnpike: relayed media"}],Ipv6Ranges=[{CidrIpv6=::/0}]'`,
  ],
] as const)('%s takes a rule for each opening', (firewall, rule) => {
  const rules = firewallRules(firewall, openingsOf(config));
  expect(rules).toContain(rule);
  expect(rules.filter((line) => line.includes('3478'))).toHaveLength(2);
});
