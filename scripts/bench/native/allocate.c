/* Allocations in number: what each step costs the server, and the memory that an allocation keeps. */
#include <stdio.h>

#include "clients.h"
#include "process.h"

enum { SETTLE_MS = 1000, WARMUP_CLIENTS_MAX = 200, WARMUP_ROUNDS = 5, UNUSED_PEER_PORT = 9 };

static const struct {
  enum step step;
  const char *name;
} measured[] = {{STEP_CHALLENGE, "challenge"}, {STEP_ALLOCATE, "allocate"}, {STEP_BIND_CHANNEL, "channelBind"}};

static uint64_t step_with_cpu(struct clients *clients, enum step step, const char *name, int from, int to) {
  struct cpu_sample before, after;
  cpu_read(clients->options->pid, &before);
  uint64_t took_ns = clients_step(clients, step, from, to);
  cpu_read(clients->options->pid, &after);
  printf("\"%s\":{\"wallNs\":%llu,", name, (unsigned long long)took_ns);
  cpu_print_difference(&before, &after);
  printf("}");
  return took_ns;
}

/*
 * A server that has served before: its code compiled and its tables grown, by few clients, so that memory is still
 * counted from the ground.
 */
static void warm_up(const struct options *options) {
  struct options few = *options;
  if (few.clients > WARMUP_CLIENTS_MAX) few.clients = WARMUP_CLIENTS_MAX;
  for (int round = 0; round < WARMUP_ROUNDS; round++) {
    struct clients clients;
    clients_open(&clients, &few, MANY_SOURCES);
    clients.peer_port = UNUSED_PEER_PORT;
    clients_set_up(&clients);
    clients_release(&clients);
    clients_close(&clients);
  }
  sleep_ms(SETTLE_MS);
}

void run_allocate(const struct options *options) {
  struct clients clients;
  warm_up(options);
  clients_open(&clients, options, MANY_SOURCES);
  clients.peer_port = UNUSED_PEER_PORT;
  printf("{\"residentBefore\":%ld,\"batches\":[", resident_bytes(options->pid));
  for (int from = 0; from < clients.count;) {
    int to = from + options->step < clients.count ? from + options->step : clients.count;
    printf("%s{\"from\":%d,\"to\":%d,", from == 0 ? "" : ",", from, to);
    for (int i = 0; i < 3; i++) {
      step_with_cpu(&clients, measured[i].step, measured[i].name, from, to);
      printf(",");
    }
    sleep_ms(SETTLE_MS);
    printf("\"residentAfter\":%ld}", resident_bytes(options->pid));
    from = to;
  }
  printf("],");
  step_with_cpu(&clients, STEP_RELEASE, "release", 0, clients.count);
  sleep_ms(SETTLE_MS);
  printf(",\"residentAfterRelease\":%ld,\"retransmissions\":%llu}\n", resident_bytes(options->pid), (unsigned long long)clients.retransmissions);
}
