#include "stun.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "digest.h"

enum {
  USERNAME = 0x0006,
  MESSAGE_INTEGRITY = 0x0008,
  ERROR_CODE = 0x0009,
  XOR_PEER_ADDRESS = 0x0012,
  REALM = 0x0014,
  NONCE = 0x0015,
  XOR_RELAYED_ADDRESS = 0x0016,
};
static const uint8_t magic_cookie[4] = {0x21, 0x12, 0xa4, 0x42};

static void put16(uint8_t *at, int value) {
  at[0] = (uint8_t)(value >> 8), at[1] = (uint8_t)value;
}

static int get16(const uint8_t *at) {
  return at[0] << 8 | at[1];
}

void request_start(struct request *request, int method, const uint8_t transaction_id[12]) {
  put16(request->bytes, method);
  memcpy(request->bytes + 4, magic_cookie, 4);
  memcpy(request->bytes + 8, transaction_id, 12);
  put16(request->bytes + 2, 0);
  request->length = 20;
}

void request_attribute(struct request *request, int type, const void *value, int length) {
  uint8_t *at = request->bytes + request->length;
  put16(at, type);
  put16(at + 2, length);
  memset(at + 4 + length, 0, 3);
  memcpy(at + 4, value, (size_t)length);
  request->length += 4 + ((length + 3) & ~3);
  put16(request->bytes + 2, request->length - 20);
}

void request_uint32(struct request *request, int type, uint32_t value) {
  uint32_t big_endian = htonl(value);
  request_attribute(request, type, &big_endian, 4);
}

void request_loopback_peer(struct request *request, uint16_t port) {
  uint8_t value[8] = {0, 1, 0, 0, 127 ^ 0x21, 0x12, 0xa4, 1 ^ 0x42};
  put16(value + 2, port ^ 0x2112);
  request_attribute(request, XOR_PEER_ADDRESS, value, 8);
}

void request_sign(struct request *request, const char *username, const struct challenge *challenge) {
  request_attribute(request, USERNAME, username, (int)strlen(username));
  request_attribute(request, REALM, challenge->realm, (int)strlen(challenge->realm));
  request_attribute(request, NONCE, challenge->nonce, (int)strlen(challenge->nonce));
  uint8_t mac[20];
  put16(request->bytes + 2, request->length - 20 + 24);
  hmac_sha1(challenge->key, 16, request->bytes, (size_t)request->length, mac);
  request_attribute(request, MESSAGE_INTEGRITY, mac, 20);
}

static void read_text(const uint8_t *value, int length, char text[TEXT_MAX]) {
  if (length >= TEXT_MAX) length = TEXT_MAX - 1;
  memcpy(text, value, (size_t)length);
  text[length] = 0;
}

int reply_read(const uint8_t *bytes, int length, const struct request *request, struct reply *reply, struct challenge *challenge) {
  if (length < 20 || get16(bytes + 2) + 20 != length || memcmp(bytes + 4, request->bytes + 4, 16) != 0) return 0;
  int method = get16(request->bytes);
  memset(reply, 0, sizeof *reply);
  reply->success = get16(bytes) == (method | 0x0100);
  if (!reply->success && get16(bytes) != (method | 0x0110)) return 0;
  for (int at = 20; at + 4 <= length;) {
    int type = get16(bytes + at), size = get16(bytes + at + 2);
    const uint8_t *value = bytes + at + 4;
    if (at + 4 + size > length) return 0;
    if (type == ERROR_CODE && size >= 4) reply->error_code = (value[2] & 7) * 100 + value[3];
    if (type == XOR_RELAYED_ADDRESS && size == 8) reply->relay_port = (uint16_t)(get16(value + 2) ^ 0x2112);
    if (type == REALM) read_text(value, size, challenge->realm);
    if (type == NONCE) read_text(value, size, challenge->nonce);
    at += 4 + ((size + 3) & ~3);
  }
  return 1;
}

void challenge_derive_key(struct challenge *challenge, const char *username, const char *password) {
  char text[3 * TEXT_MAX];
  int length = snprintf(text, sizeof text, "%s:%s:%s", username, challenge->realm, password);
  md5((const uint8_t *)text, (size_t)length, challenge->key);
}
