/** Of each range that relays may not reach (SECURITY.md 1) the first address, one from its middle, and the last. */
const deniedIpv4 = [
  ['0.0.0.0', '0.128.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.128.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.96.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.128.0.0', '127.255.255.255'],
  ['168.63.129.16'],
  ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
  ['172.16.0.0', '172.24.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.128', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.128', '192.0.2.255'],
  ['192.88.99.0', '192.88.99.128', '192.88.99.255'],
  ['192.168.0.0', '192.168.128.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.128', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.128', '203.0.113.255'],
  ['224.0.0.0', '232.0.0.0', '239.255.255.255'],
  ['240.0.0.0', '248.0.0.0', '255.255.255.255'],
].flat();

const linkLocal = ['fe80::', 'fe80::1', 'fea0::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];

/** The same of IPv6; outside 2000::/3 also of the ranges that have a name. */
const deniedIpv6 = [
  ['::', '1000::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['4000::', 'a000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::1', '64:ff9b:1::8.8.8.8', '::ffff:0:8.8.8.8'],
  ['fc00::', 'fd00::1', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  linkLocal,
  ['fec0::', 'fee0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001::', '2001:100::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::', '2001:db8:8000::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::', '2002:8000::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['3fff::', '3fff:800::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
].flat();

const mapped = ['::ffff:8.8.8.8', '::ffff:10.128.0.0', '::ffff:127.128.0.0', '::ffff:203.0.113.1'];

/** IPv6 forms of IPv4 addresses. NAT64 has the verdict of the address inside; the others are never reached. */
const forms = [
  ...mapped,
  ...['::8.8.8.8', '::10.128.0.0', '::127.0.0.1', '::203.0.113.1'],
  ...['2002:808:808::1', '2002:a80:0::1', '2002:7f00:1::1', '2002:cb00:7101::1'],
  ...['2001:0:808:808::1', '2001:0:a80:0::1', '2001:0:7f00:1::1'],
  ...deniedIpv4.map((inside) => `64:ff9b::${inside}`),
];

/** Every address that relays must not reach. */
export const deniedPeers = [...new Set([...deniedIpv4, ...deniedIpv6, ...forms])];

/** What the system itself will not send: broadcasts, IPv4 from a socket of IPv6, and scopes without an interface. */
export const unsendable = ['127.255.255.255', '255.255.255.255', ...mapped, ...linkLocal, 'ff00::'];

/** Addresses that relays reach, the last of each family standing at the end. */
export const publicPeers = [
  '1.0.0.0',
  '223.255.255.255',
  '2000::',
  '64:ff9b::8.8.8.8',
  '8.8.8.8',
  '2606:4700:4700::1111',
];
