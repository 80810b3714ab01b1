#define _GNU_SOURCE
#include "clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

enum { CHANNEL_NUMBER = 0x000c, LIFETIME = 0x000d, REQUESTED_TRANSPORT = 0x0019, UDP = 17, ATTEMPTS_MAX = 8 };
static const uint64_t retransmit_after_ns = 500000000ull;

/* What bare forwarders are told, in datagrams too short to be media: an eight-byte word and a port. */
static const char hello_word[] = "BAREHELO", port_word[] = "BAREPORT", gone_word[] = "BAREGONE";

static const char *step_name(enum step step) {
  static const char *const names[] = {"the opening challenge", "Allocate", "ChannelBind", "Refresh with LIFETIME 0", "opening a bare relay", "closing a bare relay"};
  return names[step];
}

/* Opens the socket of client `index`; a second time, another one from another port. */
static void client_open(struct clients *clients, int index) {
  const struct options *options = clients->options;
  struct client *client = &clients->all[index];
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002)};
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(options->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (clients->source == MANY_SOURCES) local.sin_addr.s_addr = htonl(0x7f010001 + ((uint32_t)index / 250 << 8) + (uint32_t)index % 250);
  int on = 1, buffer = 1 << 20;
  client->fd = socket(AF_INET, options->transport != OVER_UDP ? SOCK_STREAM : SOCK_DGRAM, 0);
  if (client->fd < 0) die("cannot open client socket %d: %s; raise the limit of open files (ulimit -n)", index, strerror(errno));
  if (options->transport != OVER_UDP) {
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!client->inbox) client->inbox = malloc(INBOX_MAX);
  } else {
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  }
  if (bind(client->fd, (struct sockaddr *)&local, sizeof local) != 0) die("cannot bind client socket %d: %s", index, strerror(errno));
  if (connect(client->fd, (struct sockaddr *)&server, sizeof server) != 0) {
    die("cannot connect to 127.0.0.1:%d: %s", options->port, strerror(errno));
  }
  if (options->transport == OVER_TLS) client->secure = secure_connect(client->fd);
  fcntl(client->fd, F_SETFL, O_NONBLOCK);
  client->channel = (uint16_t)(CHANNEL_FIRST + index % CHANNEL_COUNT);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
  epoll_ctl(clients->epoll, EPOLL_CTL_ADD, client->fd, &event);
}

static void client_close(struct client *client) {
  if (client->secure) secure_free(client->secure);
  client->secure = NULL;
  close(client->fd);
  client->inbox_length = client->inbox_read = 0;
}

void clients_open(struct clients *clients, const struct options *options, enum source source) {
  *clients = (struct clients){.options = options, .count = options->clients, .source = source};
  clients->all = calloc((size_t)clients->count, sizeof *clients->all);
  clients->epoll = epoll_create1(0);
  for (int i = 0; i < clients->count; i++) client_open(clients, i);
}

void clients_close(struct clients *clients) {
  for (int i = 0; i < clients->count; i++) {
    client_close(&clients->all[i]);
    free(clients->all[i].inbox);
  }
  close(clients->epoll);
  free(clients->all);
}

static void build_bare(struct clients *clients, struct request *request, const char *word, uint16_t port) {
  memcpy(request->bytes, word, 8);
  request->bytes[8] = (uint8_t)(port >> 8);
  request->bytes[9] = (uint8_t)port;
  request->length = 10;
  if (clients->options->transport == OVER_UDP) return;
  /* On a stream: framed and padded as media are, on a channel of its own. */
  static const uint8_t header[4] = {0x4f, 0xff, 0, 10};
  memmove(request->bytes + 4, request->bytes, 10);
  memcpy(request->bytes, header, 4);
  request->bytes[14] = request->bytes[15] = 0;
  request->length = 16;
}

static void build(struct clients *clients, struct client *client, enum step step) {
  struct request *request = &client->request;
  uint8_t id[12];
  if (getrandom(id, sizeof id, 0) != sizeof id) die("the system gives no random bytes");
  switch (step) {
    case STEP_HELLO: build_bare(clients, request, hello_word, clients->peer_port); return;
    case STEP_GOODBYE: build_bare(clients, request, gone_word, 0); return;
    case STEP_CHALLENGE:
    case STEP_ALLOCATE:
      request_start(request, ALLOCATE, id);
      request_uint32(request, REQUESTED_TRANSPORT, (uint32_t)UDP << 24);
      if (step == STEP_CHALLENGE) return;
      break;
    case STEP_BIND_CHANNEL:
      request_start(request, CHANNEL_BIND, id);
      request_uint32(request, CHANNEL_NUMBER, (uint32_t)client->channel << 16);
      request_loopback_peer(request, clients->peer_port);
      break;
    case STEP_RELEASE:
      request_start(request, REFRESH, id);
      request_uint32(request, LIFETIME, 0);
      break;
  }
  request_sign(request, clients->options->user, &client->challenge);
}

static void transmit(struct client *client) {
  client->sent_ns = monotonic_ns();
  if (++client->attempts > ATTEMPTS_MAX) die("the server does not answer");
  if (client_send(client, client->request.bytes, client->request.length) < 0 && errno != EAGAIN && errno != ECONNREFUSED) {
    die("cannot send to the server: %s", strerror(errno));
  }
}

static int read_bare(struct client *client, enum step step, const uint8_t *bytes, int length) {
  if (length == 14) bytes += 4, length -= 4;
  if (length != 10 || memcmp(bytes, step == STEP_HELLO ? port_word : gone_word, 8) != 0) return 0;
  client->relay_port = (uint16_t)(bytes[8] << 8 | bytes[9]);
  client->allocated = step == STEP_HELLO;
  return 1;
}

/* Whether the step is done. A new nonce sends the request again. */
static int read_answer(struct clients *clients, struct client *client, enum step step, const uint8_t *bytes, int length) {
  if (step == STEP_HELLO || step == STEP_GOODBYE) return read_bare(client, step, bytes, length);
  struct reply reply;
  if (!reply_read(bytes, length, &client->request, &reply, &client->challenge)) return 0;
  int challenged = reply.error_code == 401 || reply.error_code == 438;
  if (challenged) challenge_derive_key(&client->challenge, clients->options->user, clients->options->password);
  if (step == STEP_CHALLENGE && challenged) return 1;
  if (step == STEP_CHALLENGE && reply.error_code == 437) {
    /* An earlier client had this port, and the server still knows its allocation, as some do for a while after its release. */
    client_close(client);
    client_open(clients, (int)(client - clients->all));
    build(clients, client, step);
    transmit(client);
    return 0;
  }
  if (reply.error_code == 438) {
    build(clients, client, step);
    transmit(client);
    return 0;
  }
  /* Refresh with LIFETIME 0, sent again because its answer was late, meets no allocation any more. */
  int gone_already = step == STEP_RELEASE && reply.error_code == 437;
  if ((!reply.success && !gone_already) || step == STEP_CHALLENGE) die("%s was refused with %d", step_name(step), reply.error_code);
  if (step == STEP_ALLOCATE) client->relay_port = reply.relay_port, client->allocated = 1;
  if (step == STEP_RELEASE) client->allocated = 0;
  return 1;
}

int client_send(struct client *client, const uint8_t *bytes, int length) {
  if (client->secure) return secure_send(client->secure, bytes, length);
  return (int)send(client->fd, bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int receive_some(struct client *client) {
  uint8_t *at = client->inbox + client->inbox_length;
  int room = INBOX_MAX - client->inbox_length;
  return client->secure ? secure_receive(client->secure, at, room) : (int)recv(client->fd, at, (size_t)room, 0);
}

int client_read_stream(struct client *client) {
  memmove(client->inbox, client->inbox + client->inbox_read, (size_t)(client->inbox_length - client->inbox_read));
  client->inbox_length -= client->inbox_read;
  client->inbox_read = 0;
  int before = client->inbox_length, length;
  /* A TLS record that is not read now is not told of again: the socket itself is empty. */
  while (client->inbox_length < INBOX_MAX && (length = receive_some(client)) >= 0) {
    if (length == 0) die("the server closed a connection");
    client->inbox_length += length;
    if (!client->secure) break;
  }
  return client->inbox_length > before;
}

int client_next_frame(struct client *client, const uint8_t **message) {
  const uint8_t *frame = client->inbox + client->inbox_read;
  int held = client->inbox_length - client->inbox_read;
  if (held < 4) return 0;
  int size = frame[2] << 8 | frame[3];
  int length = frame[0] < 0x40 ? 20 + size : 4 + size, padded = (length + 3) & ~3;
  if (held < padded) return 0;
  client->inbox_read += padded;
  *message = frame;
  return length;
}

/* Reads what the client's socket holds; whether the step is done for this client. */
static int receive(struct clients *clients, struct client *client, enum step step) {
  uint8_t datagram[2048];
  const uint8_t *frame;
  int length, done = 0;
  if (clients->options->transport == OVER_UDP) {
    while ((length = (int)recv(client->fd, datagram, sizeof datagram, 0)) >= 0) {
      if (!done) done = read_answer(clients, client, step, datagram, length);
    }
    return done;
  }
  client_read_stream(client);
  while ((length = client_next_frame(client, &frame)) > 0) {
    if (!done) done = read_answer(clients, client, step, frame, length);
  }
  return done;
}

static void retransmit_late(struct clients *clients, int from, int to) {
  uint64_t now = monotonic_ns();
  for (int i = from; i < to; i++) {
    struct client *client = &clients->all[i];
    if (client->attempts == 0 || clients->options->transport != OVER_UDP || now - client->sent_ns < retransmit_after_ns) continue;
    clients->retransmissions++;
    transmit(client);
  }
}

uint64_t clients_step(struct clients *clients, enum step step, int from, int to) {
  uint64_t started = monotonic_ns();
  int next = from, done = from, first_waiting = from;
  for (int i = from; i < to; i++) clients->all[i].attempts = 0;
  while (done < to) {
    while (next < to && next - done < clients->options->outstanding) {
      build(clients, &clients->all[next], step);
      transmit(&clients->all[next++]);
    }
    struct epoll_event events[64];
    int ready = epoll_wait(clients->epoll, events, 64, 100);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u32 >= (uint32_t)clients->count) continue;
      struct client *client = &clients->all[events[i].data.u32];
      if (receive(clients, client, step) && client->attempts > 0) client->attempts = 0, done++;
    }
    while (first_waiting < next && clients->all[first_waiting].attempts == 0) first_waiting++;
    retransmit_late(clients, first_waiting, next);
  }
  return monotonic_ns() - started;
}

void clients_set_up(struct clients *clients) {
  if (clients->options->topology == BARE_FORWARDER) {
    clients_step(clients, STEP_HELLO, 0, clients->count);
    return;
  }
  clients_step(clients, STEP_CHALLENGE, 0, clients->count);
  clients_step(clients, STEP_ALLOCATE, 0, clients->count);
  clients_step(clients, STEP_BIND_CHANNEL, 0, clients->count);
}

void clients_release(struct clients *clients) {
  clients_step(clients, clients->options->topology == BARE_FORWARDER ? STEP_GOODBYE : STEP_RELEASE, 0, clients->count);
}
