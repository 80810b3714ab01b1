/* What a run of the load generator is asked to do. Every count and time has an upper bound. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdint.h>

enum topology { TURN_SERVER, BARE_FORWARDER };
enum transport { OVER_UDP, OVER_TCP, OVER_TLS };
enum directions { TO_PEER = 1, TO_CLIENT = 2, BOTH_DIRECTIONS = 3 };

struct options {
  uint16_t port;          /* of the server, on 127.0.0.1: there is no option for another address */
  int pid;                /* of the server, whose CPU time and memory are read; 0 reads nothing */
  int cpu;                /* the CPU that the generator keeps to; -1 leaves it to the system */
  enum transport transport; /* by which clients reach the server */
  enum topology topology;
  enum directions directions;
  const char *user, *password;
  int clients;            /* simultaneous clients, each with a socket of its own */
  int outstanding;        /* transactions, or Binding requests of one socket, under way at once */
  int rate;               /* packets per second, both directions together */
  int payload;            /* bytes of a relayed payload */
  int warmup_ms, window_ms;
  int step;               /* allocate: memory is read each time so many allocations were made */
};

/* Reads `name=value` arguments. Ends the program when one is unknown or out of its range. */
void options_read(struct options *options, int count, char **arguments);

/* The scenarios; each prints one JSON object. */
void run_relay(const struct options *options);
void run_allocate(const struct options *options);
void run_binding(const struct options *options);

#endif
