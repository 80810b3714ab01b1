import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adminCertificate } from '../../server/app/self-signed-certificate.ts';
import { tempDir } from '../support/temp-dir.ts';

const dayMs = 86_400_000;
const nowMs = Date.now();

describe('DESIGN.md section 5: the admin listener has a certificate where none is configured', () => {
  test('it is for this host, of a P-256 key, for 825 days', () => {
    const { material, fingerprint, expiresAtMs } = adminCertificate(null, nowMs);
    const certificate = new X509Certificate(material.certificate);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.ca).toBe(false);
    for (const name of ['localhost', hostname()]) expect(certificate.checkHost(name, { subject: 'never' })).toBe(name);
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address);
    expect(Math.round((expiresAtMs - nowMs) / dayMs)).toBe(825);
    expect(Math.abs(certificate.validToDate.getTime() - expiresAtMs)).toBeLessThan(1000);
    expect(fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  test('a client that has compared its fingerprint is served', async () => {
    const { material, fingerprint } = adminCertificate(null, nowMs);
    const server = createServer({ cert: material.certificate, key: material.key }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: 'localhost', ca: material.certificate });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    expect([socket.authorized, socket.getPeerCertificate().fingerprint256]).toEqual([true, fingerprint]);
  });

  test('it is kept, for its owner alone, and stays the same', () => {
    const directory = tempDir();
    const { fingerprint } = adminCertificate(directory, nowMs);
    for (const file of ['admin-certificate.pem', 'admin-key.pem']) {
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    }
    expect(adminCertificate(directory, nowMs + 794 * dayMs).fingerprint).toBe(fingerprint);
  });

  test.each<[string, (directory: string) => void]>([
    ['its end is 30 days away', () => undefined],
    ['its key is gone', (directory) => rmSync(join(directory, 'admin-key.pem'))],
    ['its key is another one', (directory) => writeFileSync(join(directory, 'admin-key.pem'), keyOfAnother())],
    ['its file is damaged', (directory) => writeFileSync(join(directory, 'admin-certificate.pem'), 'hello')],
  ])('another is made when %s', (what, spoil) => {
    const directory = tempDir();
    const { fingerprint } = adminCertificate(directory, nowMs);
    spoil(directory);
    const atMs = what.startsWith('its end') ? nowMs + 796 * dayMs : nowMs;
    const renewed = adminCertificate(directory, atMs);
    expect(renewed.fingerprint).not.toBe(fingerprint);
    expect(renewed.expiresAtMs).toBeGreaterThan(atMs + 800 * dayMs);
    expect(readFileSync(join(directory, 'admin-certificate.pem'), 'utf8')).toBe(renewed.material.certificate);
    expect(adminCertificate(directory, atMs).fingerprint).toBe(renewed.fingerprint);
  });

  test('where it cannot be kept the start ends, and says what to do', () => {
    expect(() => adminCertificate('/proc/self', nowMs)).toThrow(
      /cannot write \/proc\/self\/admin-key\.pem: .*Give the/,
    );
  });
});

function keyOfAnother(): string {
  return adminCertificate(null, nowMs).material.key;
}
