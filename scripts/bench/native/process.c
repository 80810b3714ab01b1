#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int read_file(const char *path, char *text, size_t size) {
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t length = fread(text, 1, size - 1, file);
  fclose(file);
  text[length] = 0;
  return 1;
}

/* utime + stime of a stat file: the fields 14 and 15, counted after the name, which may hold anything. */
static uint64_t stat_file_ns(const char *path, char name[20]) {
  char text[1024];
  if (!read_file(path, text, sizeof text)) return 0;
  char *open = strchr(text, '('), *close = strrchr(text, ')');
  if (!open || !close) return 0;
  if (name) snprintf(name, 20, "%.*s", (int)(close - open - 1), open + 1);
  unsigned long user = 0, system = 0;
  if (sscanf(close + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
  return (user + system) * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

void cpu_read(int pid, struct cpu_sample *sample) {
  char path[80], text[128];
  memset(sample, 0, sizeof *sample);
  if (pid <= 0) return;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  sample->stat_ns = stat_file_ns(path, NULL);
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) die("process %d is gone: the server that is measured ended", pid);
  for (struct dirent *task; (task = readdir(tasks)) && sample->thread_count < THREADS_MAX;) {
    int tid = atoi(task->d_name);
    if (tid <= 0) continue;
    int index = sample->thread_count++;
    sample->threads[index].tid = tid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    uint64_t ns = stat_file_ns(path, sample->threads[index].name);
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, tid);
    if (read_file(path, text, sizeof text)) ns = strtoull(text, NULL, 10);
    sample->threads[index].ns = ns;
    sample->total_ns += ns;
  }
  closedir(tasks);
}

void cpu_print_difference(const struct cpu_sample *before, const struct cpu_sample *after) {
  printf("\"cpu\":{\"processNs\":%llu,\"statNs\":%llu,\"threads\":[", (unsigned long long)(after->total_ns - before->total_ns),
         (unsigned long long)(after->stat_ns - before->stat_ns));
  const char *separator = "";
  for (int i = 0; i < after->thread_count; i++) {
    uint64_t earlier = 0;
    for (int j = 0; j < before->thread_count; j++) {
      if (before->threads[j].tid == after->threads[i].tid) earlier = before->threads[j].ns;
    }
    if (after->threads[i].ns == earlier) continue;
    printf("%s{\"tid\":%d,\"name\":\"", separator, after->threads[i].tid);
    for (const char *c = after->threads[i].name; *c; c++) putchar(*c < ' ' || *c == '"' || *c == '\\' ? '_' : *c);
    printf("\",\"ns\":%llu}", (unsigned long long)(after->threads[i].ns - earlier));
    separator = ",";
  }
  printf("]}");
}

long resident_bytes(int pid) {
  char path[80], text[4096];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  const char *line = read_file(path, text, sizeof text) ? strstr(text, "\nRss:") : NULL;
  return line ? atol(line + 5) * 1024 : 0;
}

void pin_to_cpu(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) die("cannot run on CPU %d: %s", cpu, strerror(errno));
}

void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}

uint64_t realtime_ns(void) {
  return clock_ns(CLOCK_REALTIME);
}

void sleep_ms(int ms) {
  struct timespec pause = {ms / 1000, (ms % 1000) * 1000000l};
  nanosleep(&pause, NULL);
}

void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}
