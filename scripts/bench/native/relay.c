/* Relayed media at a paced rate: packets lost, the time they take, and the server's CPU time meanwhile. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "clients.h"
#include "latencies.h"
#include "process.h"

enum { PEER = 0xffffffff, BATCH = 64, PACKET_MAX = 1400, CATCH_UP_MAX = 512, DRAIN_MS = 300 };
/* Packets further apart than this are waited for asleep; closer ones spinning, which keeps their times exact. */
static const uint64_t sleep_from_ns = 100000;

/* The head of every payload. Its first byte is that of RTP: neither STUN nor a channel number, for servers that look. */
struct probe {
  uint8_t mark[4];
  uint32_t run;
  uint64_t sent_ns;
  uint16_t client;
  uint8_t direction; /* 0 to the peer, 1 to the client */
  uint8_t in_window;
};
static const uint8_t probe_mark[4] = {0x80, 'p', 'r', 'b'};

struct direction_result {
  uint64_t sent, received, not_sent, strange;
  struct latencies latencies;
};

struct relay_run {
  const struct options *options;
  struct clients clients;
  int peer;
  uint32_t run;
  int in_window;
  uint64_t due, sent_all, fell_behind, received_in_time;
  uint8_t packets[BATCH][PACKET_MAX];
  struct sockaddr_in targets[BATCH];
  int batched;
  struct direction_result results[2];
};

static int open_peer(struct clients *clients) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), buffer = 8 << 20;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) die("cannot bind the peer's socket: %s", strerror(errno));
  getsockname(fd, (struct sockaddr *)&address, &length);
  clients->peer_port = ntohs(address.sin_port);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = PEER};
  epoll_ctl(clients->epoll, EPOLL_CTL_ADD, fd, &event);
  return fd;
}

/* The kernel stamps arrivals, so that a packet's time ends where the server handed it over. */
static void stamp_arrivals(int fd) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

static uint64_t arrival_ns(struct msghdr *header) {
  for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec at;
      memcpy(&at, CMSG_DATA(control), sizeof at);
      return (uint64_t)at.tv_sec * 1000000000ull + (uint64_t)at.tv_nsec;
    }
  }
  return realtime_ns();
}

static void accept_payload(struct relay_run *run, const uint8_t *payload, int length, int direction, int client, uint64_t at_ns) {
  struct direction_result *result = &run->results[direction];
  struct probe probe;
  memcpy(&probe, payload, sizeof probe);
  if (length != run->options->payload || memcmp(probe.mark, probe_mark, 4) != 0 || probe.run != run->run || probe.direction != direction ||
      (client >= 0 && probe.client != client)) {
    result->strange++;
    return;
  }
  if (run->in_window) run->received_in_time++;
  if (!probe.in_window) return;
  result->received++;
  latencies_add(&result->latencies, at_ns - probe.sent_ns);
}

/* What a client hears is ChannelData on its channel; from a bare forwarder the payload itself, on a stream behind a header of that length. */
static void accept_at_client(struct relay_run *run, int index, const uint8_t *bytes, int length, uint64_t at_ns) {
  if (run->options->topology == TURN_SERVER) {
    struct client *client = &run->clients.all[index];
    if (length < 4 || (bytes[0] << 8 | bytes[1]) != client->channel || length - 4 < (bytes[2] << 8 | bytes[3])) {
      run->results[1].strange++;
      return;
    }
  }
  if (run->options->topology == TURN_SERVER || run->options->transport != OVER_UDP) {
    length = bytes[2] << 8 | bytes[3];
    bytes += 4;
  }
  accept_payload(run, bytes, length, 1, index, at_ns);
}

static void receive_datagrams(struct relay_run *run, int fd, int index) {
  static uint8_t bytes[BATCH][PACKET_MAX], controls[BATCH][64];
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){bytes[i], PACKET_MAX};
    headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
  }
  int count = recvmmsg(fd, headers, index < 0 ? BATCH : 8, MSG_DONTWAIT, NULL);
  int head = run->options->topology == BARE_FORWARDER ? 4 : 0;
  for (int i = 0; i < count; i++) {
    uint64_t at_ns = arrival_ns(&headers[i].msg_hdr);
    int length = (int)headers[i].msg_len;
    if (index >= 0) accept_at_client(run, index, bytes[i], length, at_ns);
    else accept_payload(run, bytes[i] + head, length - head, 0, -1, at_ns);
  }
}

static void receive_stream(struct relay_run *run, int index) {
  const uint8_t *frame;
  struct client *client = &run->clients.all[index];
  if (!client_read_stream(client)) return;
  uint64_t at_ns = realtime_ns();
  for (int length; (length = client_next_frame(client, &frame)) > 0;) accept_at_client(run, index, frame, length, at_ns);
}

static void receive_ready(struct relay_run *run, uint64_t wait_ns) {
  struct epoll_event events[BATCH];
  struct timespec wait = {0, (long)wait_ns};
  int ready = epoll_pwait2(run->clients.epoll, events, BATCH, &wait, NULL);
  for (int i = 0; i < ready; i++) {
    uint32_t index = events[i].data.u32;
    if (index == PEER) receive_datagrams(run, run->peer, -1);
    else if (run->options->transport != OVER_UDP) receive_stream(run, (int)index);
    else receive_datagrams(run, run->clients.all[index].fd, (int)index);
  }
}

/* Writes ChannelData with the payload behind it, or four bytes in its place for a bare forwarder: the packets are of one size. */
static void write_packet(struct relay_run *run, uint8_t *packet, int client, int direction) {
  struct probe probe = {.run = run->run, .sent_ns = realtime_ns(), .client = (uint16_t)client, .direction = (uint8_t)direction, .in_window = (uint8_t)run->in_window};
  memcpy(probe.mark, probe_mark, 4);
  int channel = run->clients.all[client].channel, payload = run->options->payload;
  packet[0] = (uint8_t)(channel >> 8), packet[1] = (uint8_t)channel;
  packet[2] = (uint8_t)(payload >> 8), packet[3] = (uint8_t)payload;
  memcpy(packet + 4, &probe, sizeof probe);
}

static void send_to_server(struct relay_run *run, int index) {
  uint8_t *packet = run->packets[0];
  struct direction_result *result = &run->results[0];
  int length = 4 + run->options->payload;
  if (run->options->transport != OVER_UDP) length = (length + 3) & ~3;
  write_packet(run, packet, index, 0);
  int sent = client_send(&run->clients.all[index], packet, length);
  if (sent > 0 && sent < length) die("a client's send buffer is full: the server reads too slowly for this rate");
  if (sent > 0) result->sent += (uint64_t)run->in_window;
  else result->not_sent += (uint64_t)run->in_window;
}

static void flush_to_relays(struct relay_run *run) {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  int done = 0;
  for (int i = 1; i <= run->batched; i++) {
    vectors[i - 1] = (struct iovec){run->packets[i] + 4, (size_t)run->options->payload};
    headers[i - 1].msg_hdr = (struct msghdr){.msg_name = &run->targets[i], .msg_namelen = sizeof run->targets[i], .msg_iov = &vectors[i - 1], .msg_iovlen = 1};
  }
  while (done < run->batched) {
    int sent = sendmmsg(run->peer, headers + done, (unsigned)(run->batched - done), MSG_DONTWAIT);
    if (sent <= 0) {
      run->results[1].not_sent += (uint64_t)run->in_window;
      sent = 1;
    } else {
      run->results[1].sent += (uint64_t)(run->in_window * sent);
    }
    done += sent;
  }
  run->batched = 0;
}

static void batch_to_relay(struct relay_run *run, int index) {
  int slot = ++run->batched;
  write_packet(run, run->packets[slot], index, 1);
  run->targets[slot] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(run->clients.all[index].relay_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (slot == BATCH - 1) flush_to_relays(run);
}

/* Sends what is due. Each client in turn, and its directions by turns. */
static void send_due(struct relay_run *run, uint64_t due) {
  if (due - run->sent_all > CATCH_UP_MAX) {
    if (run->in_window) run->fell_behind += due - run->sent_all - CATCH_UP_MAX;
    run->sent_all = due - CATCH_UP_MAX;
  }
  uint64_t clients = (uint64_t)run->clients.count;
  for (; run->sent_all < due; run->sent_all++) {
    int index = (int)(run->sent_all % clients);
    int toward_peer = run->options->directions == BOTH_DIRECTIONS ? (run->sent_all / clients + run->sent_all) % 2 == 0 : run->options->directions == TO_PEER;
    if (toward_peer) send_to_server(run, index);
    else batch_to_relay(run, index);
  }
  if (run->batched > 0) flush_to_relays(run);
}

static void drive(struct relay_run *run, int milliseconds) {
  uint64_t rate = (uint64_t)run->options->rate, interval_ns = 1000000000ull / rate;
  uint64_t started = monotonic_ns(), length_ns = (uint64_t)milliseconds * 1000000ull, elapsed;
  run->sent_all = 0;
  while ((elapsed = monotonic_ns() - started) < length_ns) {
    send_due(run, elapsed * rate / 1000000000ull);
    uint64_t next_ns = (run->sent_all + 1) * 1000000000ull / rate;
    elapsed = monotonic_ns() - started;
    receive_ready(run, interval_ns >= sleep_from_ns && next_ns > elapsed ? next_ns - elapsed : 0);
  }
}

static void drain(struct relay_run *run) {
  for (uint64_t end = monotonic_ns() + DRAIN_MS * 1000000ull; monotonic_ns() < end;) receive_ready(run, 5000000);
}

static void print_direction(const char *name, struct direction_result *result) {
  printf("\"%s\":{\"sent\":%llu,\"received\":%llu,\"notSent\":%llu,\"strange\":%llu,", name, (unsigned long long)result->sent,
         (unsigned long long)result->received, (unsigned long long)result->not_sent, (unsigned long long)result->strange);
  latencies_print(&result->latencies);
  printf("},");
}

void run_relay(const struct options *options) {
  static struct relay_run run;
  struct cpu_sample before, after;
  run.options = options;
  run.run = (uint32_t)realtime_ns();
  clients_open(&run.clients, options, ONE_SOURCE);
  run.peer = open_peer(&run.clients);
  prctl(PR_SET_TIMERSLACK, 1);
  clients_set_up(&run.clients);
  stamp_arrivals(run.peer);
  for (int i = 0; i < run.clients.count && options->transport == OVER_UDP; i++) stamp_arrivals(run.clients.all[i].fd);
  for (int i = 0; i < 2; i++) latencies_open(&run.results[i].latencies, (size_t)options->rate * (size_t)options->window_ms / 1000 + 1000);
  drive(&run, options->warmup_ms);
  cpu_read(options->pid, &before);
  uint64_t started = monotonic_ns();
  run.in_window = 1;
  drive(&run, options->window_ms);
  run.in_window = 0;
  cpu_read(options->pid, &after);
  double seconds = (double)(monotonic_ns() - started) / 1e9;
  drain(&run);
  clients_release(&run.clients);
  printf("{\"seconds\":%.6f,\"relayedInWindow\":%llu,\"fellBehind\":%llu,\"setUpRetransmissions\":%llu,", seconds,
         (unsigned long long)run.received_in_time, (unsigned long long)run.fell_behind, (unsigned long long)run.clients.retransmissions);
  print_direction("toPeer", &run.results[0]);
  print_direction("toClient", &run.results[1]);
  latencies_join(&run.results[0].latencies, &run.results[1].latencies);
  printf("\"both\":{");
  latencies_print(&run.results[0].latencies);
  printf("},");
  cpu_print_difference(&before, &after);
  printf("}\n");
}
