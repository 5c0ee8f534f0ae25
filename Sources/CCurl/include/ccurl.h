#ifndef SEALANE_CCURL_H
#define SEALANE_CCURL_H
#include <stddef.h>

// The thinnest door to libcurl: one blocking request. It exists because `curl_easy_setopt` is variadic, which Swift cannot call.
// Redirects are never followed, no proxy or .netrc is read from the environment, and only http and https are spoken, by the other call SMTP.

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
  // 1: connects to no address of this machine, of a private network or for a special purpose, whatever name it comes under.
  int refuse_internal;
} sealane_curl_request;

typedef struct {
  // smtp:// (STARTTLS where it is required) or smtps://, with host and port.
  const char *url;
  // 1: the session must be under TLS before anything is sent.
  int require_tls;
  // NULL: without authentication.
  const char *username;
  const char *password;
  const char *from;
  const char *const *recipients;
  size_t recipient_count;
  // The message with CRLF line ends.
  const char *body;
  size_t body_size;
  const char *certificate_authority;
  long timeout_milliseconds;
} sealane_curl_mail;

// Receives a piece of the response body; anything but 1 ends the request.
typedef int (*sealane_curl_body)(void *context, const void *bytes, size_t size);
// Asked about every second and whenever bytes move; 1 ends the request with SEALANE_CURL_STOPPED.
typedef int (*sealane_curl_given_up)(void *context);
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
  // The address is one that `refuse_internal` keeps away from.
  SEALANE_CURL_REFUSED_ADDRESS = 7,
  // The other side's credentials check, or its word against the message: the status says which.
  SEALANE_CURL_REJECTED = 8,
};

// Once per process, before any handle.
int sealane_curl_start(void);
// A handle keeps its connection open between requests; use it from one thread at a time.
void *sealane_curl_open(void);
void sealane_curl_close(void *handle);
// Returns one of the above; writes the status and, on failure, libcurl's reason (at most reason_size bytes with the closing zero).
int sealane_curl_perform(
  void *handle, const sealane_curl_request *request, sealane_curl_header on_header, sealane_curl_body on_body,
  sealane_curl_given_up given_up, void *context, long *status,
  char *reason, size_t reason_size);
enum {
  // Nothing was said about this mail yet, or the server would not hear of its sender.
  SEALANE_MAIL_BEFORE = 0,
  // The server would not have a recipient.
  SEALANE_MAIL_RECIPIENT = 1,
  // The server asked for the message, and some of it went: without a reply nobody knows whether it has it.
  SEALANE_MAIL_MESSAGE = 2,
};
// Sends one mail; a handle keeps its connection for the next one, NULL has one of its own. The status is the server's last reply code, the stage how
// far it came.
int sealane_curl_send_mail(void *handle, const sealane_curl_mail *mail, long *status, int *stage, char *reason, size_t reason_size);
// Whether `refuse_internal` keeps away from an address as text: 1, 0, or -1 for no address.
int sealane_curl_is_internal(const char *address);

#endif
