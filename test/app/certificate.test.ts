import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  certificateCovers,
  expiryWarning,
  firstHostName,
  parseCertificate,
  readMaterial,
  type Certificate,
} from '../../server/app/certificate.ts';
import { readCertificate as readChecked, WatchedCertificate } from '../../server/app/watched-certificate.ts';
import { eventually } from '../support/appliance.ts';
import { makeAuthority, makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Writes the texts into files of their own. */
function filesOf(pem: TestCertificate): { certificate: string; key: string } {
  const directory = tempDir();
  const files = { certificate: join(directory, 'fullchain.pem'), key: join(directory, 'privkey.pem') };
  writeFileSync(files.certificate, pem.certificate);
  writeFileSync(files.key, pem.key);
  return files;
}

async function readCertificate(files: { certificate: string; key: string }): Promise<Certificate> {
  return parseCertificate(files, await readMaterial(files));
}

function certificateFor(...names: string[]): Promise<Certificate> {
  return readCertificate(filesOf(makeCertificate({ names })));
}

describe('a certificate that is read', () => {
  test('tells its names and its end', async () => {
    const notAfter = new Date('2031-02-03T04:05:06Z');
    const names = ['turn.example.org', '*.example.net', '192.0.2.1', '2001:db8::1'];
    const certificate = await readCertificate(filesOf(makeCertificate({ names, notAfter })));
    expect(certificate.names).toEqual(['turn.example.org', '*.example.net', '192.0.2.1', '2001:db8::1']);
    expect(certificate.expiresAtMs).toBe(notAfter.getTime());
  });

  test.each([
    ['its name', 'turn.example.org', true],
    ['its name in capitals', 'TURN.example.org', true],
    ['a name below its wildcard', 'eu.example.net', true],
    ['a name two below its wildcard', 'a.eu.example.net', false],
    ['its IPv4 address', '192.0.2.1', true],
    ['its IPv6 address, written otherwise', '2001:db8:0::1', true],
    ['another name', 'example.org', false],
    ['another address', '192.0.2.2', false],
  ])('covers %s: %s %s', async (_what, host, covered) => {
    const certificate = await certificateFor('turn.example.org', '*.example.net', '192.0.2.1', '2001:db8::1');
    expect(certificateCovers(certificate, host)).toBe(covered);
  });

  test('RFC 9525: a common name covers nothing', async () => {
    const names = ['other.example.org'];
    for (const certificate of [
      await readCertificate(filesOf(makeCertificate({ names, commonName: 'turn.example.org' }))),
      await readCertificate(filesOf(makeCertificate({ names: ['192.0.2.1'], commonName: 'turn.example.org' }))),
    ]) {
      expect(certificateCovers(certificate, 'turn.example.org')).toBe(false);
    }
  });

  test.each([
    [['turn.example.org', 'b.example.org'], 'turn.example.org'],
    [['192.0.2.1', '*.example.org', 'b.example.org'], 'b.example.org'],
    [['*.example.org'], null],
    [['192.0.2.1'], null],
  ])('DESIGN.md section 5, publicHost auto: of %j the first that a URL can hold is %s', async (names, expected) => {
    expect(firstHostName(await certificateFor(...names))).toBe(expected);
  });

  test.each([
    ['15 days', 15, null],
    ['13 days', 13, 'expires in 13 days'],
    ['none', -1, 'expired at'],
  ])('with %s left', async (_left, days, expected) => {
    const certificate = await certificateFor('turn.example.org');
    const nowMs = certificate.expiresAtMs - days * 86_400_000;
    const warning = expiryWarning(certificate, { certificate: '/c.pem', key: '/k.pem' }, nowMs);
    if (expected === null) expect(warning).toBeNull();
    else expect(warning).toContain(expected);
  });
});

describe('one message names the file, what is wrong with it, and the remedy', () => {
  const good = makeCertificate({ names: ['turn.example.org'] });
  const other = makeCertificate({ names: ['other.example.org'] });
  const weak = makeCertificate({ names: ['turn.example.org'], rsaBits: 1024 });
  const encrypted = `-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  test.each<[string, TestCertificate, RegExp]>([
    [
      'another key',
      { ...good, key: other.key },
      /^tls\.key: .*privkey\.pem is not the key of the first certificate in /,
    ],
    [
      'the own certificate last',
      { certificate: other.certificate + good.certificate, key: good.key },
      /^tls\.key: .* belongs to a certificate further down .* Put the own certificate first/,
    ],
    [
      'a chain that is written only in part',
      { ...good, certificate: good.certificate + other.certificate.slice(0, 200) },
      /^tls\.certificate: .* breaks off within a certificate\. Write it anew\.$/,
    ],
    [
      'a key of 1024 bits',
      weak,
      /^tls\.certificate: .* is refused by OpenSSL \(.*key too small.*\)\. Obtain a stronger one\.$/,
    ],
    [
      'a weak certificate further up the chain',
      { ...good, certificate: good.certificate + weak.certificate },
      /^tls\.certificate: .* is refused by OpenSSL/,
    ],
    [
      'a bundle of authorities',
      { ...good, certificate: good.certificate + other.certificate.repeat(10) },
      /^tls\.certificate: .* holds 11 certificates\. Keep the own one and those that signed it\.$/,
    ],
    ['no certificate', { ...good, certificate: good.key }, /^tls\.certificate: .* holds no certificate/],
    ['an empty file', { ...good, certificate: '' }, /^tls\.certificate: .* holds no certificate/],
    [
      'a damaged certificate',
      { ...good, certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      /^tls\.certificate: .* is damaged \(.*\)\. Write it anew\.$/,
    ],
    ['no key', { ...good, key: good.certificate }, /^tls\.key: .* is no private key in PEM form/],
    ['a key with a passphrase', { ...good, key: encrypted }, /^tls\.key: .* has a passphrase.* openssl pkey\.$/],
  ])('%s', async (_what, pem, message) => {
    const reading = readCertificate(filesOf(pem));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ code: 'certificate_unusable' });
  });

  test.each([
    ['a directory', (path: string) => mkdirSync(path), /it is no file/],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path]), /it is no file/],
    ['a file of two megabytes', (path: string) => writeFileSync(path, 'x'.repeat(2 ** 21)), /it has 2097152 bytes/],
  ])('%s instead of the key', async (_what, make, message) => {
    const files = filesOf(good);
    rmSync(files.key);
    make(files.key);
    await expect(readCertificate(files)).rejects.toThrow(message);
  });

  test('a file that is not there', async () => {
    const files = filesOf(good);
    rmSync(files.key);
    await expect(readCertificate(files)).rejects.toThrow(/^tls\.key: .* cannot be read \(ENOENT.*Give it to the user/);
  });

  test('a chain is taken whole', async () => {
    const authority = makeAuthority('Test CA');
    const own = makeCertificate({ names: ['turn.example.org'], issuer: authority });
    const certificate = own.certificate + authority.certificate;
    const read = await readCertificate(filesOf({ ...own, certificate }));
    expect(read.material.certificate).toBe(certificate);
    expect(read.names).toEqual(['turn.example.org']);
  });
});

describe('a certificate that is watched', () => {
  interface Watched {
    readonly watched: WatchedCertificate;
    readonly renewed: string[];
    readonly refused: string[];
    readonly expiring: string[];
    /** What the certificate takes for the time. */
    readonly clock: { nowMs: number };
  }

  async function open(files: { certificate: string; key: string }, publicHost: string | null): Promise<Watched> {
    const renewed: string[] = [];
    const refused: string[] = [];
    const expiring: string[] = [];
    const clock = { nowMs: Date.now() };
    const source = { files, publicHost };
    const events = {
      onRenewed: ({ names }: Certificate) => void renewed.push(names.join(',')),
      onRefused: (reason: string) => void refused.push(reason),
      onExpiring: (warning: string) => void expiring.push(warning),
    };
    const watched = new WatchedCertificate(source, await readChecked(source), events, () => clock.nowMs);
    onTestFinished(() => watched.close());
    return { watched, renewed, refused, expiring, clock };
  }

  const soon = (what: string, condition: () => boolean): Promise<void> => eventually(what, condition, 20_000);

  test('is renewed when both files are written over', async () => {
    const files = filesOf(makeCertificate({ names: ['a.example.org'] }));
    const { watched, renewed, refused } = await open(files, null);
    watched.watch();
    const next = makeCertificate({ names: ['b.example.org'] });
    writeFileSync(files.certificate, next.certificate);
    writeFileSync(files.key, next.key);
    await soon('the renewal', () => renewed.length > 0);
    expect(renewed).toEqual(['b.example.org']);
    expect(refused).toEqual([]);
    expect(watched.current.names).toEqual(['b.example.org']);
  });

  test('is renewed when a symbolic link is turned, as certbot and Kubernetes do', async () => {
    const directory = tempDir();
    for (const name of ['one', 'two']) {
      mkdirSync(join(directory, name));
      const pem = makeCertificate({ names: [`${name}.example.org`] });
      writeFileSync(join(directory, name, 'c.pem'), pem.certificate);
      writeFileSync(join(directory, name, 'k.pem'), pem.key);
    }
    symlinkSync('one', join(directory, 'live'));
    const files = { certificate: join(directory, 'live', 'c.pem'), key: join(directory, 'live', 'k.pem') };
    const { watched, renewed } = await open(files, null);
    watched.watch();
    symlinkSync('two', join(directory, 'next'));
    renameSync(join(directory, 'next'), join(directory, 'live'));
    await soon('the renewal', () => renewed.length > 0);
    expect(renewed).toEqual(['two.example.org']);
  });

  test('stays when the files hold nothing usable, which is told once, when it lasts', async () => {
    const files = filesOf(makeCertificate({ names: ['a.example.org'] }));
    const { watched, renewed, refused } = await open(files, 'a.example.org');
    const next = makeCertificate({ names: ['a.example.org', 'b.example.org'] });
    writeFileSync(files.key, next.key);
    await watched.check();
    expect(refused).toEqual([]);
    await watched.check();
    await watched.check();
    expect(refused).toEqual([expect.stringMatching(/^tls\.key: .* is not the key of the first certificate/)]);
    expect([renewed, watched.current.names]).toEqual([[], ['a.example.org']]);
    writeFileSync(files.certificate, next.certificate);
    await watched.check();
    expect(renewed).toEqual(['a.example.org,b.example.org']);
  });

  test('stays when the new one is not for publicHost', async () => {
    const files = filesOf(makeCertificate({ names: ['a.example.org'] }));
    const { watched, refused } = await open(files, 'a.example.org');
    const wrong = makeCertificate({ names: ['b.example.org'] });
    writeFileSync(files.certificate, wrong.certificate);
    writeFileSync(files.key, wrong.key);
    await watched.check();
    await watched.check();
    expect(refused).toEqual([expect.stringMatching(/is for b\.example\.org, not for publicHost a\.example\.org/)]);
    expect(watched.current.names).toEqual(['a.example.org']);
  });

  test('is said to expire once a day, from two weeks before', async () => {
    const dayMs = 86_400_000;
    const notAfter = new Date(Date.now() + 15.5 * dayMs);
    const files = filesOf(makeCertificate({ names: ['a.example.org'], notAfter }));
    const { watched, expiring, clock } = await open(files, null);
    const told: number[] = [];
    for (let hours = 0; hours <= 72; hours += 8) {
      await watched.check();
      told.push(expiring.length);
      clock.nowMs += dayMs / 3;
    }
    expect(told).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 2]);
    expect(expiring[0]).toMatch(/expires in 13 days/);
    writeFileSync(files.certificate, '');
    const renewed = makeCertificate({ names: ['a.example.org'], notAfter: new Date(clock.nowMs + 90 * dayMs) });
    writeFileSync(files.certificate, renewed.certificate);
    writeFileSync(files.key, renewed.key);
    clock.nowMs += 2 * dayMs;
    await watched.check();
    expect(expiring).toHaveLength(2);
  });

  test('is read twice at the start, for files that are just being renewed', async () => {
    const files = filesOf(makeCertificate({ names: ['a.example.org'] }));
    const next = makeCertificate({ names: ['b.example.org'] });
    writeFileSync(files.certificate, next.certificate);
    const ignored = { onRenewed: () => undefined, onRefused: () => undefined, onExpiring: () => undefined };
    const opening = WatchedCertificate.open({ files, publicHost: null }, ignored);
    setTimeout(() => writeFileSync(files.key, next.key), 300);
    const watched = await opening;
    onTestFinished(() => watched.close());
    expect(watched.current.names).toEqual(['b.example.org']);
  });

  test('that does not cover publicHost is refused at the start', async () => {
    const files = filesOf(makeCertificate({ names: ['a.example.org'] }));
    await expect(open(files, 'turn.example.org')).rejects.toThrow(
      /is for a\.example\.org, not for publicHost turn\.example\.org: clients would refuse it\. Set publicHost to one of its names/,
    );
  });
});
