/* Every latency of a window, kept whole so that its percentiles are exact. */
#ifndef BENCH_LATENCIES_H
#define BENCH_LATENCIES_H

#include <stddef.h>
#include <stdint.h>

struct latencies {
  uint32_t *ns;
  size_t count, capacity;
};

void latencies_open(struct latencies *latencies, size_t capacity);
/* Beyond the capacity a sample is not kept; beyond four seconds it counts as four. */
void latencies_add(struct latencies *latencies, uint64_t ns);
/* Adds all of `other`. */
void latencies_join(struct latencies *latencies, const struct latencies *other);
/* Prints `"p50Ns":..,"p99Ns":..,"maxNs":..`; null when there is no sample. Sorts in place. */
void latencies_print(struct latencies *latencies);

#endif
