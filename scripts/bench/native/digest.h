/* MD5 (RFC 1321), SHA-1 (RFC 3174) and HMAC-SHA1 (RFC 2104): what a TURN client needs for long-term credentials. */
#ifndef BENCH_DIGEST_H
#define BENCH_DIGEST_H

#include <stddef.h>
#include <stdint.h>

void md5(const uint8_t *data, size_t length, uint8_t digest[16]);
void sha1(const uint8_t *data, size_t length, uint8_t digest[20]);
/* `length` is at most 2,048 bytes and `key_length` at most 64: STUN requests, and keys that are MD5 digests. */
void hmac_sha1(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t mac[20]);

#endif
