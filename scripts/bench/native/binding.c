/* Binding requests, as many as the server answers, with a fixed number under way. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "clients.h"
#include "process.h"

enum { BATCH = 32, LOST_AFTER_MS = 100 };

struct binding_run {
  const struct options *options;
  struct clients clients;
  uint64_t answered, refilled, other;
  int answer_bytes;
  uint32_t sequence;
};

static void ask(struct binding_run *run, struct client *client, int count) {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  uint8_t requests[BATCH][20];
  for (int i = 0; i < count; i++) {
    uint8_t id[12] = {'b', 'e', 'n', 'c', 'h'};
    struct request request;
    uint32_t sequence = ++run->sequence;
    memcpy(id + 8, &sequence, 4);
    request_start(&request, BINDING, id);
    memcpy(requests[i], request.bytes, 20);
    vectors[i] = (struct iovec){requests[i], 20};
    headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  sendmmsg(client->fd, headers, (unsigned)count, MSG_DONTWAIT);
  client->sent_ns = monotonic_ns();
}

static void collect(struct binding_run *run, struct client *client) {
  static uint8_t answers[BATCH][256];
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){answers[i], sizeof answers[i]};
    headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(client->fd, headers, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) {
    if (headers[i].msg_len >= 32 && answers[i][0] == 0x01 && answers[i][1] == 0x01) run->answered++, run->answer_bytes = (int)headers[i].msg_len;
    else run->other++;
  }
  if (count > 0) ask(run, client, count);
}

static void drive(struct binding_run *run, int milliseconds) {
  uint64_t end = monotonic_ns() + (uint64_t)milliseconds * 1000000ull, now;
  while ((now = monotonic_ns()) < end) {
    struct epoll_event events[64];
    int ready = epoll_wait(run->clients.epoll, events, 64, 10);
    for (int i = 0; i < ready; i++) collect(run, &run->clients.all[events[i].data.u32]);
    for (int i = 0; ready == 0 && i < run->clients.count; i++) {
      struct client *client = &run->clients.all[i];
      if (now - client->sent_ns < LOST_AFTER_MS * 1000000ull) continue;
      run->refilled += (uint64_t)run->options->outstanding;
      ask(run, client, run->options->outstanding);
    }
  }
}

void run_binding(const struct options *options) {
  static struct binding_run run;
  struct cpu_sample before, after;
  run.options = options;
  if (options->transport != OVER_UDP || options->outstanding > BATCH) die("binding runs over udp, with at most %d requests under way on a socket", BATCH);
  clients_open(&run.clients, options, MANY_SOURCES);
  for (int i = 0; i < run.clients.count; i++) ask(&run, &run.clients.all[i], options->outstanding);
  drive(&run, options->warmup_ms);
  cpu_read(options->pid, &before);
  uint64_t started = monotonic_ns();
  run.answered = run.refilled = 0;
  drive(&run, options->window_ms);
  cpu_read(options->pid, &after);
  printf("{\"seconds\":%.6f,\"answered\":%llu,\"lost\":%llu,\"other\":%llu,\"answerBytes\":%d,", (double)(monotonic_ns() - started) / 1e9,
         (unsigned long long)run.answered, (unsigned long long)run.refilled, (unsigned long long)run.other, run.answer_bytes);
  cpu_print_difference(&before, &after);
  printf("}\n");
}
