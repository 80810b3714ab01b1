import { strict as assert } from 'node:assert';
import { readAddress, readXorAddress } from '../../server/stun/addresses.ts';
import { readText } from '../../server/stun/credentials-attributes.ts';
import { readErrorCode, readUnknownAttributes } from '../../server/stun/error-code.ts';
import { verifyIntegrity } from '../../server/stun/integrity.ts';
import { formatTransportAddress } from '../../server/stun/ip-text.ts';
import { attribute, attributes, decodeMessage, type Message } from '../../server/stun/message.ts';
import { AttributeType } from '../../server/stun/registry.ts';
import { readAddressErrorCode, readLifetime } from '../../server/stun/turn-attributes.ts';

/** An answer of the machine, decoded. */
export class Reply {
  readonly message: Message;

  constructor(bytes: Uint8Array) {
    const message = decodeMessage(bytes);
    assert(typeof message !== 'string', `the answer is no STUN message: ${JSON.stringify(message)}`);
    this.message = message;
  }

  /** The error code; 0 for success. */
  get code(): number {
    if (this.message.messageClass === 'success') return 0;
    const value = this.#attribute(AttributeType.errorCode);
    return readErrorCode(value)?.code ?? -1;
  }

  get nonce(): string {
    return readText(this.#attribute(AttributeType.nonce)) ?? '';
  }

  get lifetimeS(): number {
    return readLifetime(this.#attribute(AttributeType.lifetime)) ?? -1;
  }

  get relayed(): string[] {
    return attributes(this.message, AttributeType.xorRelayedAddress).map((value) => this.#address(value));
  }

  get mapped(): string {
    return this.#address(this.#attribute(AttributeType.xorMappedAddress));
  }

  get alternateServer(): string {
    const address = readAddress(this.#attribute(AttributeType.alternateServer));
    return address === null ? '' : formatTransportAddress(address);
  }

  get addressError(): { family: number; code: number } | undefined {
    const value = attribute(this.message, AttributeType.addressErrorCode);
    const read = value === undefined ? null : readAddressErrorCode(value);
    return read === null ? undefined : { family: read.family, code: read.code };
  }

  get token(): Uint8Array | undefined {
    return attribute(this.message, AttributeType.reservationToken)?.slice();
  }

  get unknownAttributes(): number[] {
    return readUnknownAttributes(this.#attribute(AttributeType.unknownAttributes)) ?? [];
  }

  get size(): number {
    return this.message.bytes.length;
  }

  has(type: number): boolean {
    return attribute(this.message, type) !== undefined;
  }

  /** How the answer is signed, if at all: with this key, or with another. */
  signature(key: Uint8Array): 'none' | 'sha1' | 'sha256' | 'wrong' {
    if (this.has(AttributeType.messageIntegritySha256)) {
      return verifyIntegrity(this.message, key, 'sha256') ? 'sha256' : 'wrong';
    }
    if (this.has(AttributeType.messageIntegrity)) return verifyIntegrity(this.message, key, 'sha1') ? 'sha1' : 'wrong';
    return 'none';
  }

  #attribute(type: number): Uint8Array {
    const value = attribute(this.message, type);
    assert(value !== undefined, `the answer has no attribute 0x${type.toString(16)}`);
    return value;
  }

  #address(value: Uint8Array): string {
    const address = readXorAddress(value, this.message.transactionId);
    assert(address !== null, 'the address is malformed');
    return formatTransportAddress(address);
  }
}
