// Big-endian access without a DataView, which would be one more object for every packet.
// The caller has checked the bounds: past the end these read 0 bits and write nothing.

/** The unsigned 16-bit integer at `offset`, in network byte order. */
export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}

/** The unsigned 32-bit integer at `offset`, in network byte order. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Writes the low 16 bits of `value` at `offset`, in network byte order. */
export function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/** Writes the low 32 bits of `value` at `offset`, in network byte order. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** `length` rounded up to a multiple of 4 (RFC 8489 section 14, RFC 8656 section 12.5). */
export function paddedLength(length: number): number {
  return (length + 3) & ~3;
}
