#include "latencies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

void latencies_open(struct latencies *latencies, size_t capacity) {
  *latencies = (struct latencies){.ns = malloc(capacity * sizeof(uint32_t)), .capacity = capacity};
  if (!latencies->ns) die("no memory for %zu latencies", capacity);
  memset(latencies->ns, 0, capacity * sizeof(uint32_t)); /* page faults now, not while measuring */
}

void latencies_add(struct latencies *latencies, uint64_t ns) {
  if (latencies->count < latencies->capacity) latencies->ns[latencies->count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

void latencies_join(struct latencies *latencies, const struct latencies *other) {
  latencies->ns = realloc(latencies->ns, (latencies->count + other->count + 1) * sizeof(uint32_t));
  if (!latencies->ns) die("no memory to join latencies");
  memcpy(latencies->ns + latencies->count, other->ns, other->count * sizeof(uint32_t));
  latencies->count += other->count;
  latencies->capacity = latencies->count;
}

void latencies_print(struct latencies *latencies) {
  size_t count = latencies->count;
  if (count == 0) {
    printf("\"p50Ns\":null,\"p99Ns\":null,\"maxNs\":null");
    return;
  }
  qsort(latencies->ns, count, sizeof(uint32_t), compare);
  printf("\"p50Ns\":%u,\"p99Ns\":%u,\"maxNs\":%u", latencies->ns[count / 2], latencies->ns[count * 99 / 100], latencies->ns[count - 1]);
}
