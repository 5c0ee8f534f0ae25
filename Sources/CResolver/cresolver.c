#include "cresolver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_LIMIT = 65535 };

static int copy_records(const uint8_t *answer, int length, uint8_t *target, size_t capacity, size_t *size) {
  ns_msg message;
  if (ns_initparse(answer, length, &message) != 0) return SEALANE_TXT_MALFORMED;
  int found = 0;
  size_t used = 0;
  int count = ns_msg_count(message, ns_s_an);
  for (int i = 0; i < count; i++) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) return SEALANE_TXT_MALFORMED;
    if (ns_rr_type(record) != ns_t_txt || ns_rr_class(record) != ns_c_in) continue;
    const uint8_t *data = ns_rr_rdata(record);
    size_t left = ns_rr_rdlen(record);
    // The record takes no more room than its data: each string loses its length byte.
    if (capacity - used < left + 2) continue;
    uint8_t *start = target + used;
    size_t written = 0;
    while (left > 0) {
      size_t part = data[0];
      if (part + 1 > left) return SEALANE_TXT_MALFORMED;
      memcpy(start + 2 + written, data + 1, part);
      written += part;
      data += part + 1;
      left -= part + 1;
    }
    start[0] = (uint8_t)(written >> 8);
    start[1] = (uint8_t)written;
    used += written + 2;
    found = 1;
  }
  *size = used;
  return found ? SEALANE_TXT_FOUND : SEALANE_TXT_NONE;
}

int sealane_txt_lookup(
  const char *name, const char *server, uint16_t port, int timeout_seconds, int attempts, uint8_t *target, size_t capacity, size_t *size) {
  *size = 0;
  struct __res_state state;
  memset(&state, 0, sizeof state);
  if (res_ninit(&state) != 0) return SEALANE_TXT_SILENT;
  if (server) {
    struct in_addr address;
    if (inet_pton(AF_INET, server, &address) != 1) {
      res_nclose(&state);
      return SEALANE_TXT_SILENT;
    }
    state.nscount = 1;
    memset(&state.nsaddr_list[0], 0, sizeof state.nsaddr_list[0]);
    state.nsaddr_list[0].sin_family = AF_INET;
    state.nsaddr_list[0].sin_addr = address;
    state.nsaddr_list[0].sin_port = htons(port);
  }
  state.retrans = timeout_seconds;
  state.retry = attempts;
  state.options |= RES_USE_EDNS0;
  state.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
  uint8_t *answer = malloc(ANSWER_LIMIT);
  if (answer == NULL) {
    res_nclose(&state);
    return SEALANE_TXT_SILENT;
  }
  int length = res_nquery(&state, name, ns_c_in, ns_t_txt, answer, ANSWER_LIMIT);
  int result;
  if (length < 0) {
    result = state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA ? SEALANE_TXT_NONE : SEALANE_TXT_SILENT;
  } else if (length > ANSWER_LIMIT) {
    result = SEALANE_TXT_MALFORMED;
  } else {
    result = copy_records(answer, length, target, capacity, size);
    if (result == SEALANE_TXT_MALFORMED) *size = 0;
  }
  free(answer);
  res_nclose(&state);
  return result;
}
