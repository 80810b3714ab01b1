#include "secure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "process.h"

static SSL_CTX *context(void) {
  static SSL_CTX *shared;
  if (!shared) {
    shared = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(shared, SSL_MODE_ENABLE_PARTIAL_WRITE);
  }
  return shared;
}

static SSL *of(struct secure *secure) { return (SSL *)secure; }

struct secure *secure_connect(int fd) {
  SSL *ssl = SSL_new(context());
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) != 1) die("the server does not shake hands: %s", ERR_reason_error_string(ERR_peek_error()));
  return (struct secure *)ssl;
}

static int result_of(SSL *ssl, int result) {
  if (result > 0) return result;
  int error = SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

int secure_send(struct secure *secure, const uint8_t *bytes, int length) { return result_of(of(secure), SSL_write(of(secure), bytes, length)); }

int secure_receive(struct secure *secure, uint8_t *bytes, int length) { return result_of(of(secure), SSL_read(of(secure), bytes, length)); }

void secure_free(struct secure *secure) { SSL_free(of(secure)); }
