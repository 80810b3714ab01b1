/* The few STUN and TURN messages a load generator sends and reads (RFC 8489 section 5, RFC 8656). */
#ifndef BENCH_STUN_H
#define BENCH_STUN_H

#include <stdint.h>

enum {
  BINDING = 0x001,
  ALLOCATE = 0x003,
  REFRESH = 0x004,
  CHANNEL_BIND = 0x009,
  REQUEST_MAX = 640,
  TEXT_MAX = 160,
};

/* A request under construction; `bytes` grows by whole attributes. */
struct request {
  int length;
  uint8_t bytes[REQUEST_MAX];
};

/* What the server asked for in a 401 or 438, and the key that follows from it (RFC 8489 section 9.2.2). */
struct challenge {
  char realm[TEXT_MAX], nonce[TEXT_MAX];
  uint8_t key[16];
};

struct reply {
  int success;
  int error_code; /* 0 on success */
  uint16_t relay_port;
};

void request_start(struct request *request, int method, const uint8_t transaction_id[12]);
void request_attribute(struct request *request, int type, const void *value, int length);
void request_uint32(struct request *request, int type, uint32_t value);
/* XOR-PEER-ADDRESS of a port of 127.0.0.1. */
void request_loopback_peer(struct request *request, uint16_t port);
/* USERNAME, REALM, NONCE and MESSAGE-INTEGRITY, which end the request. */
void request_sign(struct request *request, const char *username, const struct challenge *challenge);

/* Reads a response to `request`. Returns 0 when it is none. Fills `challenge` from REALM and NONCE when they are there. */
int reply_read(const uint8_t *bytes, int length, const struct request *request, struct reply *reply, struct challenge *challenge);
void challenge_derive_key(struct challenge *challenge, const char *username, const char *password);

#endif
