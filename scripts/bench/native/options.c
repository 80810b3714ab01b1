#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "process.h"

static int number(const char *name, const char *text, int least, int most) {
  char *end;
  long value = strtol(text, &end, 10);
  if (*text == 0 || *end != 0 || value < least || value > most) {
    die("%s=%s: give a whole number from %d to %d", name, text, least, most);
  }
  return (int)value;
}

static int choice(const char *name, const char *text, const char *const *words) {
  for (int i = 0; words[i]; i++) {
    if (strcmp(text, words[i]) == 0) return i;
  }
  die("%s=%s: not one of its values (the first is %s)", name, text, words[0]);
}

static void option_read(struct options *options, const char *name, const char *value) {
  static const char *const transports[] = {"udp", "tcp", "tls", NULL};
  static const char *const topologies[] = {"turn", "bare", NULL};
  static const char *const directions[] = {"none", "peer", "client", "both", NULL};
  if (strcmp(name, "port") == 0) options->port = (uint16_t)number(name, value, 1, 65535);
  else if (strcmp(name, "pid") == 0) options->pid = number(name, value, 0, 1 << 30);
  else if (strcmp(name, "cpu") == 0) options->cpu = number(name, value, -1, 1023);
  else if (strcmp(name, "transport") == 0) options->transport = (enum transport)choice(name, value, transports);
  else if (strcmp(name, "topology") == 0) options->topology = (enum topology)choice(name, value, topologies);
  else if (strcmp(name, "toward") == 0) options->directions = (enum directions)choice(name, value, directions);
  else if (strcmp(name, "user") == 0) options->user = value;
  else if (strcmp(name, "password") == 0) options->password = value;
  else if (strcmp(name, "clients") == 0) options->clients = number(name, value, 1, 12000);
  else if (strcmp(name, "outstanding") == 0) options->outstanding = number(name, value, 1, 256);
  else if (strcmp(name, "rate") == 0) options->rate = number(name, value, 100, 400000);
  else if (strcmp(name, "payload") == 0) options->payload = number(name, value, 64, 1200);
  else if (strcmp(name, "warmup-ms") == 0) options->warmup_ms = number(name, value, 0, 20000);
  else if (strcmp(name, "window-ms") == 0) options->window_ms = number(name, value, 100, 30000);
  else if (strcmp(name, "step") == 0) options->step = number(name, value, 1, 12000);
  else die("%s: no such option", name);
}

void options_read(struct options *options, int count, char **arguments) {
  *options = (struct options){.cpu = -1,
                              .directions = BOTH_DIRECTIONS,
                              .user = "bench",
                              .password = "bench-password",
                              .clients = 100,
                              .outstanding = 16,
                              .rate = 30000,
                              .payload = 200,
                              .warmup_ms = 1000,
                              .window_ms = 4000,
                              .step = 5000};
  for (int i = 0; i < count; i++) {
    char *equals = strchr(arguments[i], '=');
    if (!equals) die("%s: options are written name=value", arguments[i]);
    *equals = 0;
    option_read(options, arguments[i], equals + 1);
  }
  if (options->port == 0) die("port= is missing: the port of the server on 127.0.0.1");
  if (options->directions == 0) die("toward=none: give peer, client or both");
  if (strlen(options->user) > 64 || strlen(options->password) > 64) die("user= and password= are at most 64 bytes");
}
