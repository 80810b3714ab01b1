#include "digest.h"

#include <math.h>
#include <string.h>

static uint32_t rotate_left(uint32_t value, int bits) {
  return value << bits | value >> (32 - bits);
}

/* The message of both digests, padded: the block at `index`, and how many blocks there are. */
static size_t padded_block_count(size_t length) {
  return (length + 8) / 64 + 1;
}

static void padded_block(const uint8_t *data, size_t length, size_t index, int big_endian, uint8_t block[64]) {
  size_t start = index * 64;
  memset(block, 0, 64);
  if (start < length) memcpy(block, data + start, length - start < 64 ? length - start : 64);
  if (start <= length && length < start + 64) block[length - start] = 0x80;
  if (index + 1 == padded_block_count(length)) {
    uint64_t bits = (uint64_t)length * 8;
    for (int i = 0; i < 8; i++) block[56 + i] = (uint8_t)(bits >> (big_endian ? 56 - 8 * i : 8 * i));
  }
}

static void md5_block(uint32_t state[4], const uint8_t block[64]) {
  static const int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  static uint32_t sines[64];
  if (sines[0] == 0) {
    for (int i = 0; i < 64; i++) sines[i] = (uint32_t)(fabs(sin(i + 1)) * 4294967296.0);
  }
  uint32_t words[16];
  memcpy(words, block, 64);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  for (int i = 0; i < 64; i++) {
    uint32_t mixed;
    int word;
    switch (i / 16) {
      case 0: mixed = (b & c) | (~b & d), word = i; break;
      case 1: mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16; break;
      case 2: mixed = b ^ c ^ d, word = (3 * i + 5) % 16; break;
      default: mixed = c ^ (b | ~d), word = 7 * i % 16; break;
    }
    uint32_t turned = b + rotate_left(a + mixed + sines[i] + words[word], shifts[i / 16][i % 4]);
    a = d, d = c, c = b, b = turned;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

void md5(const uint8_t *data, size_t length, uint8_t digest[16]) {
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  uint8_t block[64];
  for (size_t i = 0; i < padded_block_count(length); i++) {
    padded_block(data, length, i, 0, block);
    md5_block(state, block);
  }
  memcpy(digest, state, 16); /* little-endian hosts, as x86-64 and arm64 are */
}

static void sha1_block(uint32_t state[5], const uint8_t block[64]) {
  uint32_t words[80];
  for (int i = 0; i < 16; i++) {
    words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 80; i++) words[i] = rotate_left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; i++) {
    uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                              : (b ^ c ^ d) + 0xca62c1d6;
    uint32_t turned = rotate_left(a, 5) + mixed + e + words[i];
    e = d, d = c, c = rotate_left(b, 30), b = a, a = turned;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

void sha1(const uint8_t *data, size_t length, uint8_t digest[20]) {
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint8_t block[64];
  for (size_t i = 0; i < padded_block_count(length); i++) {
    padded_block(data, length, i, 1, block);
    sha1_block(state, block);
  }
  for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void hmac_sha1(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t mac[20]) {
  uint8_t inner[64 + 2048], outer[64 + 20];
  memset(inner, 0x36, 64);
  memset(outer, 0x5c, 64);
  for (size_t i = 0; i < key_length; i++) inner[i] ^= key[i], outer[i] ^= key[i];
  memcpy(inner + 64, data, length);
  sha1(inner, 64 + length, outer + 64);
  sha1(outer, sizeof outer, mac);
}
