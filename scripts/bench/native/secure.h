/* A client's TLS over its TCP socket. No certificate is verified: server and generator are of one bench. */
#ifndef BENCH_SECURE_H
#define BENCH_SECURE_H

#include <stdint.h>

struct secure;

/* Shakes hands on a blocking socket. Ends the program when the server does not. */
struct secure *secure_connect(int fd);
/* What `send` and `recv` do, on a socket that does not block: -1 when it would, 0 at the end. */
int secure_send(struct secure *secure, const uint8_t *bytes, int length);
int secure_receive(struct secure *secure, uint8_t *bytes, int length);
void secure_free(struct secure *secure);

#endif
