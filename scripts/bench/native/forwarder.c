/*
 * A forwarder with nothing in it but forwarding: the floor that a relay written in C is measured against.
 * One listening socket and one relay socket for each client; datagrams go both ways unchanged, in batches.
 *   forwarder <port on 127.0.0.1>
 * A client opens its relay with "BAREHELO" and its peer's port, is told "BAREPORT" and the relay's, and ends with "BAREGONE".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, PACKET_MAX = 1500, CONTROL_MAX = 16, LISTENER = 0 };

/* Clients are told apart by their port alone: they all call from one address. Index 0 stands for none. */
struct relay {
  int fd;
  struct sockaddr_in client, peer;
};
static struct relay relays[65536];

struct batch {
  uint8_t packets[BATCH][PACKET_MAX];
  struct iovec vectors[BATCH];
  struct mmsghdr headers[BATCH];
  struct sockaddr_in from[BATCH];
};
static struct batch inward, outward;
static int outward_count;

static int open_socket(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    fprintf(stderr, "forwarder: cannot bind 127.0.0.1:%d: %s\n", port, strerror(errno));
    exit(1);
  }
  return fd;
}

static void answer(int listener, const char *word, uint16_t port, const struct sockaddr_in *to) {
  uint8_t bytes[10];
  memcpy(bytes, word, 8);
  bytes[8] = (uint8_t)(port >> 8), bytes[9] = (uint8_t)port;
  sendto(listener, bytes, sizeof bytes, 0, (const struct sockaddr *)to, sizeof *to);
}

static void control(int epoll, int listener, const uint8_t *bytes, const struct sockaddr_in *from) {
  struct relay *relay = &relays[ntohs(from->sin_port)];
  if (relay->fd > 0 && memcmp(bytes, "BAREGONE", 8) == 0) {
    close(relay->fd);
    relay->fd = 0;
    answer(listener, "BAREGONE", 0, from);
  } else if (memcmp(bytes, "BAREHELO", 8) == 0) {
    if (relay->fd <= 0) {
      relay->fd = open_socket(0);
      struct epoll_event event = {.events = EPOLLIN, .data.u32 = ntohs(from->sin_port)};
      epoll_ctl(epoll, EPOLL_CTL_ADD, relay->fd, &event);
    }
    relay->client = *from;
    relay->peer = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&relay->peer.sin_port, bytes + 8, 2);
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    getsockname(relay->fd, (struct sockaddr *)&own, &length);
    answer(listener, "BAREPORT", ntohs(own.sin_port), from);
  }
}

static int receive(int fd, struct batch *batch, int from, int most) {
  for (int i = from; i < from + most; i++) {
    batch->vectors[i] = (struct iovec){batch->packets[i], PACKET_MAX};
    batch->headers[i].msg_hdr = (struct msghdr){.msg_iov = &batch->vectors[i], .msg_iovlen = 1, .msg_name = &batch->from[i], .msg_namelen = sizeof batch->from[i]};
  }
  return recvmmsg(fd, batch->headers + from, (unsigned)most, MSG_DONTWAIT, NULL);
}

/* Packets of one client that arrived next to each other leave in one call. */
static void forward_to_peers(int epoll, int listener) {
  int count = receive(listener, &inward, 0, BATCH);
  for (int i = 0; i < count;) {
    struct relay *relay = &relays[ntohs(inward.from[i].sin_port)];
    if (inward.headers[i].msg_len < CONTROL_MAX) {
      if (inward.headers[i].msg_len == 10) control(epoll, listener, inward.packets[i], &inward.from[i]);
      i++;
      continue;
    }
    int first = i;
    uint16_t port = inward.from[i].sin_port;
    for (; i < count && inward.from[i].sin_port == port && inward.headers[i].msg_len >= CONTROL_MAX; i++) {
      inward.vectors[i].iov_len = inward.headers[i].msg_len;
      inward.headers[i].msg_hdr.msg_name = &relay->peer;
    }
    if (relay->fd > 0) sendmmsg(relay->fd, inward.headers + first, (unsigned)(i - first), MSG_DONTWAIT);
  }
}

static void flush_to_clients(int listener) {
  if (outward_count > 0) sendmmsg(listener, outward.headers, (unsigned)outward_count, MSG_DONTWAIT);
  outward_count = 0;
}

static void collect_from_relay(int listener, struct relay *relay) {
  if (outward_count > BATCH - 8) flush_to_clients(listener);
  int count = receive(relay->fd, &outward, outward_count, 8);
  for (int i = 0; i < count; i++) {
    struct mmsghdr *header = &outward.headers[outward_count];
    outward.vectors[outward_count++].iov_len = header->msg_len;
    header->msg_hdr.msg_name = &relay->client;
  }
}

int main(int count, char **arguments) {
  int port = count == 2 ? atoi(arguments[1]) : 0;
  if (port < 1 || port > 65535) {
    fprintf(stderr, "usage: forwarder <port on 127.0.0.1>\n");
    return 1;
  }
  int listener = open_socket((uint16_t)port), epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  printf("{\"event\":\"ready\"}\n");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[BATCH];
    int ready = epoll_wait(epoll, events, BATCH, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u32 == LISTENER) forward_to_peers(epoll, listener);
      else if (relays[events[i].data.u32].fd > 0) collect_from_relay(listener, &relays[events[i].data.u32]);
    }
    flush_to_clients(listener);
  }
}
