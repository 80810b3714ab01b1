/*
 * Runs a program that ends when the one who started it does.
 *   launch <CPU, CPUs as 1,2,3, or "any"> <program> [arguments]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int keep_to_cpus(const char *list) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const char *at = list; at; at = strchr(at, ',')) {
    if (*at == ',') at++;
    CPU_SET((size_t)atoi(at), &set);
  }
  return sched_setaffinity(0, sizeof set, &set);
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: launch <CPUs|any> <program> [arguments]\n");
    return 1;
  }
  pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return 1;
  if (strcmp(arguments[1], "any") != 0 && keep_to_cpus(arguments[1]) != 0) {
    fprintf(stderr, "launch: cannot run on CPU %s: %s\n", arguments[1], strerror(errno));
    return 1;
  }
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  execvp(arguments[2], arguments + 2);
  fprintf(stderr, "launch: cannot run %s: %s\n", arguments[2], strerror(errno));
  return 1;
}
