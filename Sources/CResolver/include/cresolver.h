#ifndef SEALANE_CRESOLVER_H
#define SEALANE_CRESOLVER_H
#include <stddef.h>
#include <stdint.h>

// The thinnest door to the C library's resolver: one blocking question for TXT records (RFC 1035, section 3.3.14).

enum {
  SEALANE_TXT_FOUND = 0,
  // The name does not exist, or has no such record: an answer.
  SEALANE_TXT_NONE = 1,
  // Nobody answered, or the server could not.
  SEALANE_TXT_SILENT = 2,
  // What came is no answer.
  SEALANE_TXT_MALFORMED = 3,
};

/// Asks for the TXT records of a name. Each found record goes into `target` as its size (two bytes, most significant first) and its bytes,
/// its character strings put together; records that do not fit are left out.
///
/// `server` is an IPv4 address to ask instead of the system's name servers, or NULL; `port` is used with it. `timeout_seconds` is for one
/// server and one of `attempts`.
int sealane_txt_lookup(
  const char *name, const char *server, uint16_t port, int timeout_seconds, int attempts, uint8_t *target, size_t capacity, size_t *size);

#endif
