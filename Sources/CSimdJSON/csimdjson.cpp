#include "csimdjson.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

namespace {

namespace dom = simdjson::dom;

uint64_t bits(double value) {
  uint64_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

/// The reader for what simdjson refuses: recursive descent, one byte at a time, at most `max_depth` frames deep.
struct SlowReader {
  const uint8_t *text;
  size_t length;
  uint32_t max_depth;
  std::vector<slj_entry> &entries;
  std::vector<uint8_t> &arena;
  size_t at = 0;
  int status = SLJ_OK;

  bool fail(int reason, size_t where) {
    status = where >= length && reason == SLJ_INVALID ? SLJ_TRUNCATED : reason;
    at = where;
    return false;
  }

  void skip_space() {
    while (at < length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) at++;
  }

  bool literal(const char *word, uint32_t kind) {
    size_t n = std::strlen(word);
    for (size_t i = 0; i < n; i++)
      if (at + i >= length || text[at + i] != static_cast<uint8_t>(word[i])) return fail(SLJ_INVALID, at + i);
    at += n;
    entries.push_back({0, 0, kind});
    return true;
  }

  static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }

  bool number() {
    size_t start = at;
    if (text[at] == '-') {
      at++;
      if (at < length && text[at] == 'I') return literal("Infinity", SLJ_NULL);
    }
    if (at >= length || !digit(text[at])) return fail(SLJ_INVALID, at);
    bool whole = true;
    if (text[at] == '0') {
      at++;
    } else {
      while (at < length && digit(text[at])) at++;
    }
    if (at < length && digit(text[at])) return fail(SLJ_INVALID, at);
    if (at < length && text[at] == '.') {
      whole = false;
      at++;
      if (at >= length || !digit(text[at])) return fail(SLJ_INVALID, at);
      while (at < length && digit(text[at])) at++;
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
      whole = false;
      at++;
      if (at < length && (text[at] == '+' || text[at] == '-')) at++;
      if (at >= length || !digit(text[at])) return fail(SLJ_INVALID, at);
      while (at < length && digit(text[at])) at++;
    }
    const char *first = reinterpret_cast<const char *>(text + start), *last = reinterpret_cast<const char *>(text + at);
    if (whole) {
      int64_t value;
      auto read = std::from_chars(first, last, value);
      if (read.ec == std::errc() && read.ptr == last) {
        entries.push_back({static_cast<uint64_t>(value), 0, SLJ_INTEGER});
        return true;
      }
    }
    double value = 0;
    auto read = std::from_chars(first, last, value);
    if (read.ec == std::errc()) {
      entries.push_back({bits(value), 0, SLJ_DOUBLE});
    } else if (whole || !tiny(start)) {
      entries.push_back({0, 0, SLJ_NULL});  // beyond the range of a double
    } else {
      entries.push_back({bits(0.0), 0, SLJ_DOUBLE});
    }
    return true;
  }

  /// Whether a number out of range lies next to zero: its exponent is negative.
  bool tiny(size_t start) const {
    for (size_t i = start; i < at; i++)
      if (text[i] == 'e' || text[i] == 'E') return i + 1 < at && text[i + 1] == '-';
    return true;
  }

  bool four_hex(uint32_t &value) {
    value = 0;
    for (int i = 0; i < 4; i++, at++) {
      if (at >= length) return fail(SLJ_INVALID, at);
      uint8_t c = text[at];
      uint32_t v = digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
      if (v == 16) return fail(SLJ_INVALID, at);
      value = value * 16 + v;
    }
    return true;
  }

  void append(uint32_t scalar) {
    if (scalar < 0x80) {
      arena.push_back(static_cast<uint8_t>(scalar));
    } else if (scalar < 0x800) {
      arena.push_back(static_cast<uint8_t>(0xC0 | scalar >> 6));
      arena.push_back(static_cast<uint8_t>(0x80 | (scalar & 0x3F)));
    } else if (scalar < 0x10000) {
      arena.push_back(static_cast<uint8_t>(0xE0 | scalar >> 12));
      arena.push_back(static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3F)));
      arena.push_back(static_cast<uint8_t>(0x80 | (scalar & 0x3F)));
    } else {
      arena.push_back(static_cast<uint8_t>(0xF0 | scalar >> 18));
      arena.push_back(static_cast<uint8_t>(0x80 | (scalar >> 12 & 0x3F)));
      arena.push_back(static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3F)));
      arena.push_back(static_cast<uint8_t>(0x80 | (scalar & 0x3F)));
    }
  }

  /// Copies one UTF-8 sequence of two to four bytes (Unicode 15, table 3-7).
  bool multibyte() {
    uint8_t lead = text[at];
    int n = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
    if (n == 0) return fail(SLJ_INVALID_UTF8, at);
    for (int i = 1; i < n; i++)
      if (at + i >= length || (text[at + i] & 0xC0) != 0x80) return fail(SLJ_INVALID_UTF8, at);
    uint8_t second = text[at + 1];
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F))
      return fail(SLJ_INVALID_UTF8, at);
    arena.insert(arena.end(), text + at, text + at + n);
    at += n;
    return true;
  }

  bool escape() {
    at++;
    if (at >= length) return fail(SLJ_INVALID, at);
    switch (text[at]) {
      case '"': append('"'); break;
      case '\\': append('\\'); break;
      case '/': append('/'); break;
      case 'b': append('\b'); break;
      case 'f': append('\f'); break;
      case 'n': append('\n'); break;
      case 'r': append('\r'); break;
      case 't': append('\t'); break;
      case 'u': {
        at++;
        uint32_t unit;
        if (!four_hex(unit)) return false;
        if (unit >= 0xD800 && unit <= 0xDBFF && at + 1 < length && text[at] == '\\' && text[at + 1] == 'u') {
          size_t back = at;
          at += 2;
          uint32_t low;
          if (!four_hex(low)) return false;
          if (low >= 0xDC00 && low <= 0xDFFF) {
            append(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            return true;
          }
          at = back;
        }
        append(unit >= 0xD800 && unit <= 0xDFFF ? 0xFFFD : unit);
        return true;
      }
      default: return fail(SLJ_INVALID, at);
    }
    at++;
    return true;
  }

  bool string() {
    at++;
    size_t start = arena.size();
    for (;;) {
      if (at >= length) return fail(SLJ_INVALID, at);
      uint8_t c = text[at];
      if (c == '"') break;
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x20) {
        return fail(SLJ_INVALID, at);
      } else if (c < 0x80) {
        arena.push_back(c);
        at++;
      } else if (!multibyte()) {
        return false;
      }
    }
    at++;
    entries.push_back({start, static_cast<uint32_t>(arena.size() - start), SLJ_STRING});
    return true;
  }

  /// Passes over a container below the depth limit: brackets must balance and strings must end, no more is asked.
  bool skip_container() {
    size_t open = 0;
    while (at < length) {
      uint8_t c = text[at++];
      if (c == '"') {
        while (at < length && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
        if (at >= length) return fail(SLJ_INVALID, length);
        at++;
      } else if (c == '[' || c == '{') {
        open++;
      } else if ((c == ']' || c == '}') && --open == 0) {
        entries.push_back({0, 0, SLJ_TOO_DEEP});
        return true;
      }
    }
    return fail(SLJ_INVALID, length);
  }

  bool value(uint32_t depth) {
    skip_space();
    if (at >= length) return fail(SLJ_INVALID, at);
    switch (text[at]) {
      case '"': return string();
      case '{':
      case '[': return depth >= max_depth ? skip_container() : container(text[at] == '{', depth + 1);
      case 't': return literal("true", SLJ_TRUE);
      case 'f': return literal("false", SLJ_FALSE);
      case 'n': return literal("null", SLJ_NULL);
      case 'N': return literal("NaN", SLJ_NULL);
      case 'I': return literal("Infinity", SLJ_NULL);
      default: return text[at] == '-' || digit(text[at]) ? number() : fail(SLJ_INVALID, at);
    }
  }

  bool container(bool object, uint32_t depth) {
    const uint8_t close = object ? '}' : ']';
    size_t begin = entries.size();
    entries.push_back({0, 0, static_cast<uint32_t>(object ? SLJ_OBJECT : SLJ_ARRAY)});
    uint32_t members = 0;
    at++;
    skip_space();
    if (at < length && text[at] == close) {
      at++;
    } else {
      for (;;) {
        if (object) {
          skip_space();
          if (at >= length || text[at] != '"') return fail(SLJ_INVALID, at);
          if (!string()) return false;
          skip_space();
          if (at >= length || text[at] != ':') return fail(SLJ_INVALID, at);
          at++;
        }
        if (!value(depth)) return false;
        members++;
        skip_space();
        if (at >= length) return fail(SLJ_INVALID, at);
        if (text[at] == close) {
          at++;
          break;
        }
        if (text[at] != ',') return fail(SLJ_INVALID, at);
        at++;
      }
    }
    entries[begin].payload = entries.size();
    entries[begin].length = members;
    return true;
  }

  void read() {
    skip_space();
    if (at >= length) {
      status = SLJ_EMPTY;
      return;
    }
    if (!value(0)) return;
    skip_space();
    if (at < length) status = SLJ_TRAILING;
  }
};

}  // namespace

struct slj_reader {
  dom::parser parser;
  std::vector<uint8_t> text;
  std::vector<slj_entry> entries;
  std::vector<uint8_t> arena;
  std::vector<uint32_t> open;
  size_t length = 0;
  uint32_t max_depth;

  explicit slj_reader(uint32_t depth) : max_depth(depth) {}

  /// simdjson's tape to ours: containers know where they end, strings know their length.
  void flatten() {
    entries.clear();
    open.clear();
    const uint64_t *tape = parser.doc.tape.get();
    const uint8_t *strings = parser.doc.string_buf.get();
    // Counts are kept in 24 bits there and saturate, so they are taken here: for each open container the values seen in it.
    const size_t end = static_cast<size_t>(tape[0] & 0x00FFFFFFFFFFFFFFULL) - 1;
    entries.resize(end);
    slj_entry *out = entries.data();
    size_t n = 0;
    constexpr uint64_t mask = 0x00FFFFFFFFFFFFFFULL;
    for (size_t i = 1; i < end;) {
      const uint64_t word = tape[i];
      const uint64_t payload = word & mask;
      switch (static_cast<char>(word >> 56)) {
        case '"': {
          uint32_t size;
          std::memcpy(&size, strings + payload, sizeof size);
          out[n++] = {payload + sizeof size, size, SLJ_STRING};
          i++;
          break;
        }
        case 'l':
          out[n++] = {tape[i + 1], 0, SLJ_INTEGER};
          i += 2;
          break;
        case 'u':
          out[n++] = {bits(static_cast<double>(tape[i + 1])), 0, SLJ_DOUBLE};
          i += 2;
          break;
        case 'd':
          out[n++] = {tape[i + 1], 0, SLJ_DOUBLE};
          i += 2;
          break;
        case 't':
          out[n++] = {0, 0, SLJ_TRUE};
          i++;
          break;
        case 'f':
          out[n++] = {0, 0, SLJ_FALSE};
          i++;
          break;
        case '{':
        case '[':
          open.push_back(static_cast<uint32_t>(n));
          out[n++] = {0, static_cast<uint32_t>(payload >> 32 & 0xFFFFFF),
                      static_cast<uint32_t>(word >> 56 == '{' ? SLJ_OBJECT : SLJ_ARRAY)};
          i++;
          break;
        case '}':
        case ']': {
          slj_entry &begin = out[open.back()];
          begin.payload = n;
          open.pop_back();
          if (begin.length == 0xFFFFFF) recount(out, &begin - out);
          i++;
          break;
        }
        default:
          out[n++] = {0, 0, SLJ_NULL};
          i++;
          break;
      }
    }
    entries.resize(n);
  }

  static void recount(slj_entry *out, size_t begin) {
    uint32_t members = 0;
    size_t at = begin + 1;
    while (at < out[begin].payload) {
      if (out[begin].kind == SLJ_OBJECT) at++;
      at = out[at].kind == SLJ_ARRAY || out[at].kind == SLJ_OBJECT ? out[at].payload : at + 1;
      members++;
    }
    out[begin].length = members;
  }

  slj_document slowly(size_t start, size_t size) {
    entries.clear();
    arena.clear();
    SlowReader reader{text.data() + start, size, max_depth, entries, arena};
    reader.read();
    return {entries.data(), entries.size(), arena.data(), reader.status == SLJ_OK ? 0 : reader.at, reader.status};
  }

  slj_document parse(size_t start, size_t size) {
    if (parser.capacity() < size || parser.max_depth() != max_depth) {
      if (parser.allocate(size + size / 2 + 64, max_depth) != simdjson::SUCCESS) return {nullptr, 0, nullptr, 0, SLJ_NO_MEMORY};
    }
    dom::element root;
    auto error = parser.parse(text.data() + start, size, false).get(root);
    if (error == simdjson::MEMALLOC) return {nullptr, 0, nullptr, 0, SLJ_NO_MEMORY};
    if (error != simdjson::SUCCESS) return slowly(start, size);
    flatten();
    return {entries.data(), entries.size(), parser.doc.string_buf.get(), 0, SLJ_OK};
  }
};

extern "C" {

slj_reader *slj_create(uint32_t max_depth) { return new (std::nothrow) slj_reader(max_depth); }

void slj_destroy(slj_reader *reader) { delete reader; }

int slj_load(slj_reader *reader, const uint8_t *bytes, size_t length) {
  try {
    if (reader->text.size() < length + simdjson::SIMDJSON_PADDING) reader->text.resize(length + simdjson::SIMDJSON_PADDING);
    if (length > 0) std::memcpy(reader->text.data(), bytes, length);
    std::memset(reader->text.data() + length, ' ', simdjson::SIMDJSON_PADDING);
    reader->length = length;
    return SLJ_OK;
  } catch (const std::bad_alloc &) {
    return SLJ_NO_MEMORY;
  }
}

const uint8_t *slj_text(const slj_reader *reader) { return reader->text.data(); }

slj_document slj_parse(slj_reader *reader, size_t start, size_t length) {
  if (start > reader->length || length > reader->length - start) return {nullptr, 0, nullptr, 0, SLJ_TRUNCATED};
  try {
    return reader->parse(start, length);
  } catch (const std::bad_alloc &) {
    return {nullptr, 0, nullptr, 0, SLJ_NO_MEMORY};
  }
}

slj_document slj_parse_slowly(slj_reader *reader, size_t start, size_t length) {
  if (start > reader->length || length > reader->length - start) return {nullptr, 0, nullptr, 0, SLJ_TRUNCATED};
  try {
    return reader->slowly(start, length);
  } catch (const std::bad_alloc &) {
    return {nullptr, 0, nullptr, 0, SLJ_NO_MEMORY};
  }
}

size_t slj_footprint(const slj_reader *reader) {
  return reader->text.capacity() + reader->entries.capacity() * sizeof(slj_entry) + reader->arena.capacity() +
         reader->parser.capacity() * 13;
}

}
