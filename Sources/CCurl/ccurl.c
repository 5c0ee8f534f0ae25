#include "ccurl.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  sealane_curl_header on_header;
  sealane_curl_body on_body;
  void *context;
  size_t left;
  int too_large;
  int stopped;
} receiver;

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

int sealane_curl_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

void *sealane_curl_open(void) { return curl_easy_init(); }

void sealane_curl_close(void *handle) { curl_easy_cleanup(handle); }

int sealane_curl_perform(
  void *handle, const sealane_curl_request *request, sealane_curl_header on_header, sealane_curl_body on_body, void *context, long *status,
  char *reason, size_t reason_size) {
  CURL *curl = handle;
  // Forgets the options of the last request, keeps its connection.
  curl_easy_reset(curl);
  char text[CURL_ERROR_SIZE] = {0};
  receiver self = {on_header, on_body, context, request->response_limit, 0, 0};
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
  if (request->unix_socket) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
  if (request->certificate_authority) curl_easy_setopt(curl, CURLOPT_CAINFO, request->certificate_authority);
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
  if (self.too_large) return SEALANE_CURL_TOO_LARGE;
  if (self.stopped) return SEALANE_CURL_STOPPED;
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
      return SEALANE_CURL_TLS;
    default:
      return SEALANE_CURL_OTHER;
  }
}
