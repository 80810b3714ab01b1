import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { parseIp } from '../../server/stun/ip-text.ts';

/** A certificate and its key as a configuration names them: PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certification authority to be trusted in a test, and to sign with. */
export interface TestAuthority extends TestCertificate {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** What a test certificate says. */
export interface CertificateOptions {
  /** DNS names and IP addresses; the first is the common name too. */
  readonly names: readonly string[];
  /** The size of an RSA key; a P-256 key when omitted. */
  readonly rsaBits?: number;
  /** Another common name than the first of `names`. */
  readonly commonName?: string;
  /** An hour ago when omitted. */
  readonly notBefore?: Date;
  /** In a day when omitted. */
  readonly notAfter?: Date;
  /** Who signs; self-signed when omitted. The certificate of an authority is not part of the chain. */
  readonly issuer?: TestAuthority;
}

/** Makes a server's certificate (RFC 5280) with a new key. */
export function makeCertificate(options: CertificateOptions): TestCertificate {
  const { names, issuer } = options;
  const { privateKey, publicKey } =
    options.rsaBits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: options.rsaBits });
  const subject = options.commonName ?? names[0] ?? '';
  const certificate = signedCertificate({
    subject,
    issuerName: issuer?.name ?? subject,
    publicKey,
    signingKey: issuer?.privateKey ?? privateKey,
    notBefore: options.notBefore ?? new Date(Date.now() - 3_600_000),
    notAfter: options.notAfter ?? new Date(Date.now() + 86_400_000),
    extensions: [extension(subjectAltName, der(tag.sequence, ...names.map(generalName)))],
  });
  return { certificate, key: pkcs8(privateKey) };
}

/** Makes an authority whose certificate a client can be told to trust. */
export function makeAuthority(name: string): TestAuthority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = signedCertificate({
    subject: name,
    issuerName: name,
    publicKey,
    signingKey: privateKey,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      extension(basicConstraints, der(tag.sequence, der(tag.boolean, Uint8Array.of(0xff)))),
      // keyCertSign, with two bits unused.
      extension(keyUsage, der(tag.bitString, Uint8Array.of(2, 0b100))),
    ],
  });
  return { name, privateKey, certificate, key: pkcs8(privateKey) };
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

const commonName = Uint8Array.of(0x55, 4, 3);
const keyUsage = Uint8Array.of(0x55, 29, 15);
const subjectAltName = Uint8Array.of(0x55, 29, 17);
const basicConstraints = Uint8Array.of(0x55, 29, 19);
const ecdsaWithSha256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2);
const rsaWithSha256 = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11);

interface CertificateContents {
  readonly subject: string;
  readonly issuerName: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Uint8Array[];
}

/** RFC 5280 section 4.1. */
function signedCertificate(contents: CertificateContents): string {
  const isRsa = contents.signingKey.asymmetricKeyType === 'rsa';
  const algorithm = isRsa
    ? der(tag.sequence, der(tag.objectIdentifier, rsaWithSha256), der(tag.null))
    : der(tag.sequence, der(tag.objectIdentifier, ecdsaWithSha256));
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

function distinguishedName(name: string): Uint8Array {
  const attribute = der(tag.sequence, der(tag.objectIdentifier, commonName), der(tag.utf8String, Buffer.from(name)));
  return der(tag.sequence, der(tag.set, attribute));
}

/** RFC 5280 section 4.1.2.5: two digits of the year until 2049. */
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

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}
