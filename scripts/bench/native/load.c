/*
 * A load generator for TURN servers and bare forwarders on this machine's loopback.
 *   load relay|allocate|binding port=N pid=N [name=value ...]
 * Prints one JSON object on standard output.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "options.h"
#include "process.h"

/* Longer than any run that options.c admits; a generator that hangs must not outlive the bench. */
enum { LIFETIME_MAX_S = 180 };

int main(int count, char **arguments) {
  if (count < 2) die("usage: load relay|allocate|binding port=N [name=value ...]");
  struct options options;
  options_read(&options, count - 2, arguments + 2);
  signal(SIGPIPE, SIG_IGN);
  alarm(LIFETIME_MAX_S);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_descriptor_limit();
  pin_to_cpu(options.cpu);
  if (strcmp(arguments[1], "relay") == 0) run_relay(&options);
  else if (strcmp(arguments[1], "allocate") == 0) run_allocate(&options);
  else if (strcmp(arguments[1], "binding") == 0) run_binding(&options);
  else die("%s: no such scenario; there are relay, allocate and binding", arguments[1]);
  return 0;
}
