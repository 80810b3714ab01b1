import { randomBytes, sign, type KeyObject } from 'node:crypto';
import { parseIp } from '../stun/ip-text.ts';

/** What a certificate says (RFC 5280 section 4.1). */
export interface CertificateContents {
  /** Its common name. */
  readonly subject: string;
  /** The common name of who signs it. */
  readonly issuerName: string;
  readonly publicKey: KeyObject;
  /** EC P-256 or RSA; the issuer's. */
  readonly signingKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Made by the functions below. */
  readonly extensions: readonly Uint8Array[];
}

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  ipAddress: 0x87,
  version: 0xa0,
  extensions: 0xa3,
} as const;

const oid = {
  commonName: Uint8Array.of(0x55, 4, 3),
  keyUsage: Uint8Array.of(0x55, 29, 15),
  subjectAltName: Uint8Array.of(0x55, 29, 17),
  basicConstraints: Uint8Array.of(0x55, 29, 19),
  extendedKeyUsage: Uint8Array.of(0x55, 29, 37),
  serverAuth: Uint8Array.of(0x2b, 6, 1, 5, 5, 7, 3, 1),
  ecdsaWithSha256: Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2),
  rsaWithSha256: Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11),
} as const;

/** Signs a certificate of version 3 with a random serial number: PEM. */
export function signCertificate(contents: CertificateContents): string {
  const isRsa = contents.signingKey.asymmetricKeyType === 'rsa';
  const algorithm = isRsa
    ? der(tag.sequence, der(tag.objectIdentifier, oid.rsaWithSha256), der(tag.null))
    : der(tag.sequence, der(tag.objectIdentifier, oid.ecdsaWithSha256));
  const toBeSigned = der(
    tag.sequence,
    der(tag.version, der(tag.integer, Uint8Array.of(2))),
    // Positive, and not shortened.
    der(tag.integer, Uint8Array.of(0x40), randomBytes(15)),
    algorithm,
    distinguishedName(contents.issuerName),
    der(tag.sequence, time(contents.notBefore), time(contents.notAfter)),
    distinguishedName(contents.subject),
    contents.publicKey.export({ type: 'spki', format: 'der' }),
    der(tag.extensions, der(tag.sequence, ...contents.extensions)),
  );
  const signature = sign('sha256', toBeSigned, contents.signingKey);
  const bytes = der(tag.sequence, toBeSigned, algorithm, der(tag.bitString, Uint8Array.of(0), signature));
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** The DNS names and IP addresses that a certificate is for (section 4.2.1.6). */
export function subjectAltName(names: readonly string[]): Uint8Array {
  return extension(oid.subjectAltName, der(tag.sequence, ...names.map(generalName)));
}

/** The certificate is a server's (section 4.2.1.12). */
export function serverAuthentication(): Uint8Array {
  return extension(oid.extendedKeyUsage, der(tag.sequence, der(tag.objectIdentifier, oid.serverAuth)));
}

/** The certificate is an authority's, whose key signs others (sections 4.2.1.9 and 4.2.1.3). */
export function authority(): readonly Uint8Array[] {
  return [
    extension(oid.basicConstraints, der(tag.sequence, der(tag.boolean, Uint8Array.of(0xff)))),
    // keyCertSign, with two bits unused.
    extension(oid.keyUsage, der(tag.bitString, Uint8Array.of(2, 0b100))),
  ];
}

function distinguishedName(name: string): Uint8Array {
  const attribute = der(
    tag.sequence,
    der(tag.objectIdentifier, oid.commonName),
    der(tag.utf8String, Buffer.from(name)),
  );
  return der(tag.sequence, der(tag.set, attribute));
}

/** Section 4.1.2.5: two digits of the year until 2049. */
function time(date: Date): Uint8Array {
  const text = `${date.toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? der(tag.utcTime, Buffer.from(text.slice(2)))
    : der(tag.generalizedTime, Buffer.from(text));
}

function extension(identifier: Uint8Array, value: Uint8Array): Uint8Array {
  return der(tag.sequence, der(tag.objectIdentifier, identifier), der(tag.octetString, value));
}

function generalName(name: string): Uint8Array {
  const ip = parseIp(name);
  if (ip === null) return der(tag.dnsName, Buffer.from(name));
  const bytes = new DataView(new ArrayBuffer(16));
  for (const [index, word] of [ip.w0, ip.w1, ip.w2, ip.w3].entries()) bytes.setUint32(4 * index, word);
  return der(tag.ipAddress, new Uint8Array(bytes.buffer, 0, ip.family === 4 ? 4 : 16));
}

/** An element of the distinguished encoding rules (X.690): its tag, the length of its content, its content. */
function der(elementTag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >>> 8, content.length & 0xff];
  return Buffer.concat([Uint8Array.of(elementTag, ...length), content]);
}
