#ifndef SEALANE_CCURL_H
#define SEALANE_CCURL_H
#include <stddef.h>

// The thinnest door to libcurl: one blocking request. It exists because `curl_easy_setopt` is variadic, which Swift cannot call.
// Redirects are never followed, no proxy or .netrc is read from the environment, and only http and https are spoken.

typedef struct {
  const char *method;
  const char *url;
  // Path of a Unix socket to connect to instead of the URL's host; NULL for none.
  const char *unix_socket;
  // "Name: value" lines.
  const char *const *headers;
  size_t header_count;
  const void *body;
  size_t body_size;
  // File with the PEM certificates to trust instead of the system's; NULL for the system's.
  const char *certificate_authority;
  long timeout_milliseconds;
  // More response body than this ends the request with SEALANE_CURL_TOO_LARGE.
  size_t response_limit;
} sealane_curl_request;

// Receives a piece of the response body; anything but 1 ends the request.
typedef int (*sealane_curl_body)(void *context, const void *bytes, size_t size);
// Receives one header line as sent, without the line end.
typedef void (*sealane_curl_header)(void *context, const char *line, size_t size);

enum {
  SEALANE_CURL_OK = 0,
  SEALANE_CURL_TIMEOUT = 1,
  SEALANE_CURL_CONNECT = 2,
  SEALANE_CURL_TLS = 3,
  SEALANE_CURL_TOO_LARGE = 4,
  SEALANE_CURL_STOPPED = 5,
  SEALANE_CURL_OTHER = 6,
};

// Once per process, before any handle.
int sealane_curl_start(void);
// A handle keeps its connection open between requests; use it from one thread at a time.
void *sealane_curl_open(void);
void sealane_curl_close(void *handle);
// Returns one of the above; writes the status and, on failure, libcurl's reason (at most reason_size bytes with the closing zero).
int sealane_curl_perform(
  void *handle, const sealane_curl_request *request, sealane_curl_header on_header, sealane_curl_body on_body, void *context, long *status,
  char *reason, size_t reason_size);

#endif
