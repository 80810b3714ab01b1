/* What the system says of the process that is measured, and where this one runs. Linux only. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdint.h>

enum { THREADS_MAX = 64 };

/* CPU time since a process started: of all its threads, and of each that is alive. */
struct cpu_sample {
  uint64_t total_ns; /* the sum over live threads, in nanoseconds where /proc/<pid>/task/<tid>/schedstat is there */
  uint64_t stat_ns;  /* utime + stime of /proc/<pid>/stat, in whole clock ticks */
  int thread_count;
  struct {
    int tid;
    char name[20];
    uint64_t ns;
  } threads[THREADS_MAX];
};

void cpu_read(int pid, struct cpu_sample *sample);
/* Prints `"cpu":{...}`, the difference of two samples, as JSON. */
void cpu_print_difference(const struct cpu_sample *before, const struct cpu_sample *after);
long resident_bytes(int pid);
void pin_to_cpu(int cpu);
void raise_descriptor_limit(void);
uint64_t monotonic_ns(void);
uint64_t realtime_ns(void);
void sleep_ms(int ms);
/* Says what failed, and ends the program with code 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
