#ifndef SEALANE_CSIMDJSON_H
#define SEALANE_CSIMDJSON_H

// JSON text to a flat tape. simdjson does the fast path; what it refuses is read once more by a slower, stricter-worded reader,
// which says where the text is broken and lets pass what real senders produce and simdjson 3.0 does not take: integers beyond
// 64 bits, numbers beyond the range of a double, Python's NaN and Infinity (null), lone surrogates (U+FFFD), values nested
// deeper than the limit (one entry of kind SLJ_TOO_DEEP, so that a single deep record does not spoil its neighbours).

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  SLJ_NULL = 0,
  SLJ_FALSE = 1,
  SLJ_TRUE = 2,
  SLJ_INTEGER = 3,   // payload: int64, two's complement
  SLJ_DOUBLE = 4,    // payload: the bits of an IEEE double
  SLJ_STRING = 5,    // payload: offset into the arena; length: bytes. Valid UTF-8, unescaped, may hold NUL
  SLJ_ARRAY = 6,     // payload: index of the entry after the array; length: elements
  SLJ_OBJECT = 7,    // payload: index of the entry after the object; length: members; each member is a string entry and a value
  SLJ_TOO_DEEP = 8   // a container below the depth limit, skipped
};

typedef struct {
  uint64_t payload;
  uint32_t length;
  uint32_t kind;
} slj_entry;

enum {
  SLJ_OK = 0,
  SLJ_EMPTY = 1,            // nothing but white space
  SLJ_INVALID = 2,          // not JSON at `position`
  SLJ_INVALID_UTF8 = 3,     // not UTF-8 at `position`
  SLJ_TRAILING = 4,         // a whole value, then something else at `position`
  SLJ_TRUNCATED = 5,        // ends in the middle of a value
  SLJ_NO_MEMORY = 6
};

typedef struct {
  const slj_entry *entries;
  size_t count;
  const uint8_t *arena;
  size_t position;          // bytes from the start of the piece; 0 when status is SLJ_OK
  int status;
} slj_document;

typedef struct slj_reader slj_reader;

// `max_depth`: containers within containers, the outermost counts as 1. NULL when out of memory.
slj_reader *slj_create(uint32_t max_depth);
void slj_destroy(slj_reader *reader);

// Copies the text, with the padding that simdjson wants. SLJ_OK or SLJ_NO_MEMORY.
int slj_load(slj_reader *reader, const uint8_t *bytes, size_t length);

// The loaded text.
const uint8_t *slj_text(const slj_reader *reader);

// Reads the piece [start, start + length) of the loaded text as one value. The result is valid until the next call.
slj_document slj_parse(slj_reader *reader, size_t start, size_t length);

// The same by the slow reader alone: for the tests, which hold the two against each other.
slj_document slj_parse_slowly(slj_reader *reader, size_t start, size_t length);

// Bytes that the reader keeps allocated.
size_t slj_footprint(const slj_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
