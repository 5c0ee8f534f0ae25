#include "cre2.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <array>
#include <new>
#include <string>
#include <vector>

namespace {

/// Finds which of many literals stand in a text, in one pass. Literals are of lower case, as FilteredRE2 wants them.
class Atoms {
 public:
  void build(const std::vector<std::string> &literals) {
    // Bytes that stand in no literal are all the same to it.
    classes.fill(0);
    for (const auto &literal : literals)
      for (unsigned char c : literal)
        if (classes[c] == 0) classes[c] = static_cast<uint8_t>(width++);
    for (unsigned c = 'A'; c <= 'Z'; c++) classes[c] = classes[c + ('a' - 'A')];
    grow();
    for (size_t i = 0; i < literals.size(); i++) {
      uint32_t node = 0;
      for (unsigned char c : literals[i]) {
        const size_t edge = size_t{node} * width + classes[c];
        if (next[edge] == 0) {
          const uint32_t made = grow();
          next[edge] = made;
        }
        node = next[edge];
      }
      ends[node].push_back(static_cast<int>(i));
    }
    // Breadth first: where a literal does not go on, go on from its longest end that another one begins with.
    std::vector<uint32_t> order, fallback(ends.size(), 0);
    for (size_t c = 0; c < width; c++)
      if (next[c] != 0) order.push_back(next[c]);
    for (size_t i = 0; i < order.size(); i++) {
      const uint32_t node = order[i], back = fallback[node];
      ends[node].insert(ends[node].end(), ends[back].begin(), ends[back].end());
      for (size_t c = 0; c < width; c++) {
        uint32_t &to = next[size_t{node} * width + c];
        const uint32_t otherwise = next[size_t{back} * width + c];
        if (to == 0) {
          to = otherwise;
        } else {
          fallback[to] = otherwise;
          order.push_back(to);
        }
      }
    }
  }

  void find(const char *text, size_t length, std::vector<int> &found) const {
    uint32_t node = 0;
    for (size_t i = 0; i < length; i++) {
      node = next[size_t{node} * width + classes[static_cast<unsigned char>(text[i])]];
      found.insert(found.end(), ends[node].begin(), ends[node].end());
    }
  }

 private:
  uint32_t grow() {
    next.resize(next.size() + width, 0);
    ends.emplace_back();
    return static_cast<uint32_t>(ends.size() - 1);
  }

  std::array<uint8_t, 256> classes{};
  size_t width = 1;
  std::vector<uint32_t> next;           // by node and class; 0: the root
  std::vector<std::vector<int>> ends;   // by node: the literals that end there
};

}  // namespace

struct slr_list {
  // Shorter literals stand in every other text and would keep nothing away.
  static constexpr int shortest_atom = 3;

  re2::FilteredRE2 expressions{shortest_atom};
  Atoms atoms;
};

extern "C" {

slr_list *slr_create(void) { return new (std::nothrow) slr_list; }

void slr_destroy(slr_list *list) { delete list; }

int slr_add(slr_list *list, const char *expression, size_t length, int64_t memory) {
  if (list == nullptr) return -1;
  try {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(memory);
    int index;
    return list->expressions.Add(re2::StringPiece(expression, length), options, &index) == RE2::NoError ? 0 : -1;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

int slr_compile(slr_list *list) {
  if (list == nullptr) return -1;
  try {
    std::vector<std::string> literals;
    list->expressions.Compile(&literals);
    list->atoms.build(literals);
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

slr_match slr_first(const slr_list *list, const char *text, size_t length) {
  if (list == nullptr) return {-1, -1, 0};
  try {
    std::vector<int> found;
    list->atoms.find(text, length, found);
    const re2::StringPiece piece(text, length);
    const int index = list->expressions.FirstMatch(piece, found);
    if (index < 0) return {-1, -1, 0};
    const RE2 &expression = list->expressions.GetRE2(index);
    if (expression.NumberOfCapturingGroups() == 0) return {index, -1, 0};
    re2::StringPiece groups[2];
    if (!expression.Match(piece, 0, length, RE2::UNANCHORED, groups, 2) || groups[1].data() == nullptr) return {index, -1, 0};
    return {index, static_cast<int32_t>(groups[1].data() - text), static_cast<int32_t>(groups[1].size())};
  } catch (const std::bad_alloc &) {
    return {-1, -1, 0};
  }
}

}
