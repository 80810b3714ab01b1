/* TURN clients (or clients of a bare forwarder) on loopback: their sockets, and their transactions with the server. */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include <stdint.h>

#include "options.h"
#include "secure.h"
#include "stun.h"

enum { INBOX_MAX = 65536, CHANNEL_FIRST = 0x4000, CHANNEL_COUNT = 0x1000 };

/* Whether all clients call from one address, or each from its own in 127.1.0.0/16, as strangers do. */
enum source { ONE_SOURCE, MANY_SOURCES };

struct client {
  int fd;
  int allocated;
  uint16_t channel;
  uint16_t relay_port;
  int attempts;
  uint64_t sent_ns;
  struct challenge challenge;
  struct request request;
  struct secure *secure; /* of a client on TLS */
  uint8_t *inbox; /* of a client on a stream: bytes that are not yet framed */
  int inbox_length, inbox_read;
};

struct clients {
  const struct options *options;
  struct client *all;
  int count;
  int epoll; /* watches every client's socket; data.u32 is the client's index */
  uint16_t peer_port;
  uint64_t retransmissions;
  enum source source;
};

/* One request and its answer, for each client of a range. */
enum step {
  STEP_CHALLENGE, /* Allocate without credentials, answered 401 */
  STEP_ALLOCATE,
  STEP_BIND_CHANNEL,
  STEP_RELEASE, /* Refresh with LIFETIME 0 */
  STEP_HELLO,   /* bare forwarder: open a relay, answered with its port */
  STEP_GOODBYE, /* bare forwarder: close it */
};


void clients_open(struct clients *clients, const struct options *options, enum source source);
void clients_close(struct clients *clients);
/* Takes clients [from, to) through a step, `outstanding` at once, and returns how long that took. Ends the program on a refusal. */
uint64_t clients_step(struct clients *clients, enum step step, int from, int to);
/* From nothing to a relay with a channel (or a bare relay) to `peer_port`, and back. */
void clients_set_up(struct clients *clients);
void clients_release(struct clients *clients);
/* Sends a message that is padded where it must be: how much went, -1 when the socket is full. */
int client_send(struct client *client, const uint8_t *bytes, int length);
/* Reads what the socket of a client on a stream holds; whether anything came. */
int client_read_stream(struct client *client);
/* The length of the next whole message of a client on a stream, without stream padding, or 0. `*message` stands until the next read. */
int client_next_frame(struct client *client, const uint8_t **message);

#endif
