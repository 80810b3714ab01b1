// Slicing-by-4: table n holds the CRC of a byte followed by n zero bytes.
const tables = crcTables();

/** The CRC-32 of ITU V.42 over `bytes[0, end)` (RFC 1952 section 8), as an unsigned integer. */
export function crc32(bytes: Uint8Array, end: number): number {
  let crc = -1;
  let offset = 0;
  for (; offset + 4 <= end; offset += 4) {
    crc ^= bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
    crc =
      tables[768 + (crc & 0xff)]! ^
      tables[512 + ((crc >>> 8) & 0xff)]! ^
      tables[256 + ((crc >>> 16) & 0xff)]! ^
      tables[crc >>> 24]!;
  }
  for (; offset < end; offset++) {
    crc = (crc >>> 8) ^ tables[(crc ^ bytes[offset]!) & 0xff]!;
  }
  return ~crc >>> 0;
}

/** The value of the FINGERPRINT attribute whose header starts at `end`; the header's length must be set (RFC 8489 section 14.7). */
export function fingerprintValue(bytes: Uint8Array, end: number): number {
  return (crc32(bytes, end) ^ 0x5354554e) >>> 0;
}

function crcTables(): Int32Array {
  const table = new Int32Array(1024);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < 1024; index++) {
    const previous = table[index - 256]!;
    table[index] = (previous >>> 8) ^ table[previous & 0xff]!;
  }
  return table;
}
