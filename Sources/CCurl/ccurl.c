#include "ccurl.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  sealane_curl_header on_header;
  sealane_curl_body on_body;
  sealane_curl_given_up given_up;
  void *context;
  size_t left;
  int too_large;
  int stopped;
  int refused_address;
} receiver;

typedef struct {
  uint32_t network;
  int bits;
} network4;

// IANA's registry of IPv4 addresses for special purposes, and multicast.
static const network4 internal4[] = {
  {0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10}, {0x7F000000, 8},  {0xA9FE0000, 16}, {0xAC100000, 12}, {0xC0000000, 24},
  {0xC0000200, 24}, {0xC0586300, 24}, {0xC0A80000, 16}, {0xC6120000, 15}, {0xC6336400, 24}, {0xCB007100, 24}, {0xE0000000, 3},
};

static int is_internal4(uint32_t address) {
  for (size_t i = 0; i < sizeof internal4 / sizeof internal4[0]; i++) {
    if (((address ^ internal4[i].network) >> (32 - internal4[i].bits)) == 0) return 1;
  }
  return 0;
}

static uint32_t word(const unsigned char *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int is_internal6(const unsigned char *a) {
  static const unsigned char zeros[12] = {0};
  static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  static const unsigned char nat64[12] = {0, 0x64, 0xFF, 0x9B};
  // Forms that carry an IPv4 address are judged by it.
  if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0) return is_internal4(word(a + 12));
  if (a[0] == 0x20 && a[1] == 0x02) return is_internal4(word(a + 2));
  if (memcmp(a, zeros, 12) == 0) return 1;
  // Global unicast is 2000::/3; of it not Teredo, ORCHID, benchmarking (2001::/23) and documentation.
  if ((a[0] & 0xE0) != 0x20) return 1;
  if (a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xFE) == 0x00) return 1;
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0D && a[3] == 0xB8) return 1;
  if (a[0] == 0x3F && a[1] == 0xFF && (a[2] & 0xF0) == 0x00) return 1;
  return 0;
}

int sealane_curl_is_internal(const char *address) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, address, bytes) == 1) return is_internal4(word(bytes));
  if (inet_pton(AF_INET6, address, bytes) == 1) return is_internal6(bytes);
  return -1;
}

// Called with the address that is about to be connected to: no name that changes in between gets around it.
static curl_socket_t open_socket(void *opaque, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  receiver *self = opaque;
  int internal = 1;
  if (address->family == AF_INET) {
    internal = is_internal4(ntohl(((struct sockaddr_in *)&address->addr)->sin_addr.s_addr));
  } else if (address->family == AF_INET6) {
    internal = is_internal6(((struct sockaddr_in6 *)&address->addr)->sin6_addr.s6_addr);
  }
  if (internal) {
    self->refused_address = 1;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *opaque) {
  receiver *self = opaque;
  size_t length = size * count;
  if (length > self->left) {
    self->too_large = 1;
    return 0;
  }
  self->left -= length;
  if (self->on_body(self->context, bytes, length) != 1) {
    self->stopped = 1;
    // Zero would be taken for success when `length` is zero too; libcurl does not call with nothing.
    return 0;
  }
  return length;
}

static size_t receive_header(char *bytes, size_t size, size_t count, void *opaque) {
  receiver *self = opaque;
  size_t length = size * count;
  size_t end = length;
  while (end > 0 && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n')) end--;
  if (end > 0) self->on_header(self->context, bytes, end);
  return length;
}

static int progress(void *opaque, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  receiver *self = opaque;
  if (self->given_up(self->context) != 1) return 0;
  self->stopped = 1;
  return 1;
}

static int kind_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return SEALANE_CURL_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return SEALANE_CURL_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_USE_SSL_FAILED:
      return SEALANE_CURL_TLS;
    case CURLE_LOGIN_DENIED:
      return SEALANE_CURL_REJECTED;
    default:
      return SEALANE_CURL_OTHER;
  }
}

int sealane_curl_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

void *sealane_curl_open(void) { return curl_easy_init(); }

void sealane_curl_close(void *handle) { curl_easy_cleanup(handle); }

int sealane_curl_perform(
  void *handle, const sealane_curl_request *request, sealane_curl_header on_header, sealane_curl_body on_body,
  sealane_curl_given_up given_up, void *context, long *status, char *reason, size_t reason_size) {
  CURL *curl = handle;
  // Forgets the options of the last request, keeps its connection.
  curl_easy_reset(curl);
  char text[CURL_ERROR_SIZE] = {0};
  receiver self = {on_header, on_body, given_up, context, request->response_limit, 0, 0, 0};
  *status = 0;

  struct curl_slist *headers = NULL;
  for (size_t i = 0; i < request->header_count; i++) {
    struct curl_slist *longer = curl_slist_append(headers, request->headers[i]);
    if (longer == NULL) {
      curl_slist_free_all(headers);
      snprintf(reason, reason_size, "Out of memory.");
      return SEALANE_CURL_OTHER;
    }
    headers = longer;
  }

  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(curl, CURLOPT_URL, request->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_milliseconds);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &self);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &self);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &self);
  if (request->unix_socket) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
  if (request->certificate_authority) curl_easy_setopt(curl, CURLOPT_CAINFO, request->certificate_authority);
  if (request->refuse_internal) {
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &self);
    // A connection that an earlier request opened was looked at by other rules.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  }
  if (strcmp(request->method, "HEAD") == 0) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request->body_size > 0 || strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body_size > 0 ? request->body : "");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  } else {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  }

  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
  curl_slist_free_all(headers);
  // The buffer is on this stack: the handle must not write into it later.
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
  if (code == CURLE_OK) return SEALANE_CURL_OK;
  snprintf(reason, reason_size, "%s", text[0] ? text : curl_easy_strerror(code));
  if (self.refused_address) return SEALANE_CURL_REFUSED_ADDRESS;
  if (self.too_large) return SEALANE_CURL_TOO_LARGE;
  if (self.stopped) return SEALANE_CURL_STOPPED;
  return kind_of(code);
}

typedef struct {
  const char *bytes;
  size_t left;
  // libcurl asks for bytes only once the server has answered DATA with 354.
  int is_asked;
} source;

static size_t read_mail(char *target, size_t size, size_t count, void *opaque) {
  source *self = opaque;
  self->is_asked = 1;
  size_t length = size * count < self->left ? size * count : self->left;
  memcpy(target, self->bytes, length);
  self->bytes += length;
  self->left -= length;
  return length;
}

int sealane_curl_send_mail(void *handle, const sealane_curl_mail *mail, long *status, int *stage, char *reason, size_t reason_size) {
  *status = 0;
  *stage = SEALANE_MAIL_BEFORE;
  CURL *curl = handle ? handle : curl_easy_init();
  // Forgets the options of the last mail, keeps its connection.
  if (handle) curl_easy_reset(handle);
  struct curl_slist *recipients = NULL;
  for (size_t i = 0; curl && i < mail->recipient_count; i++) {
    struct curl_slist *longer = curl_slist_append(recipients, mail->recipients[i]);
    if (longer == NULL) {
      if (!handle) curl_easy_cleanup(curl);
      curl = NULL;
    } else {
      recipients = longer;
    }
  }
  if (curl == NULL) {
    curl_slist_free_all(recipients);
    snprintf(reason, reason_size, "Out of memory.");
    return SEALANE_CURL_OTHER;
  }
  char text[CURL_ERROR_SIZE] = {0};
  source body = {mail->body, mail->body_size, 0};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(curl, CURLOPT_URL, mail->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USE_SSL, mail->require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (mail->certificate_authority) curl_easy_setopt(curl, CURLOPT_CAINFO, mail->certificate_authority);
  if (mail->username) curl_easy_setopt(curl, CURLOPT_USERNAME, mail->username);
  if (mail->password) curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_mail);
  curl_easy_setopt(curl, CURLOPT_READDATA, &body);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->body_size);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, mail->timeout_milliseconds);
  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
  if (handle) {
    // These point into what is freed now.
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
  } else {
    curl_easy_cleanup(curl);
  }
  curl_slist_free_all(recipients);
  if (body.is_asked) *stage = SEALANE_MAIL_MESSAGE;
  else if (strncmp(text, "RCPT failed", 11) == 0) *stage = SEALANE_MAIL_RECIPIENT;
  if (code == CURLE_OK) return SEALANE_CURL_OK;
  snprintf(reason, reason_size, "%s", text[0] ? text : curl_easy_strerror(code));
  // A reply of 400 and above is the server's word, whatever libcurl makes of it.
  int kind = kind_of(code);
  return kind != SEALANE_CURL_TLS && kind != SEALANE_CURL_TIMEOUT && *status >= 400 ? SEALANE_CURL_REJECTED : kind;
}
