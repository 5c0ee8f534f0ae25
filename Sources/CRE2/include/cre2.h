#ifndef SEALANE_CRE2_H
#define SEALANE_CRE2_H

// A list of regular expressions in order, asked for the first that matches a text and for its first group. RE2 does the matching, in time
// linear in the text. Which expressions are tried at all is decided by the literals that a match of each must hold ("atoms", from
// re2::FilteredRE2); those are found in one pass over the text by an automaton (Aho and Corasick, CACM 18(6), 1975).

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct slr_list slr_list;

typedef struct {
  int32_t index;     // of the expression in the order of `slr_add`; -1: none matches
  int32_t start;     // of what the first group matched; -1: it matched nothing, or there is none
  int32_t length;
} slr_match;

// NULL when out of memory; the others take it for a list that nothing can be added to and that matches nothing.
slr_list *slr_create(void);
void slr_destroy(slr_list *list);

// Adds an expression, of bytes in no encoding. `memory`: bytes that the automata made of it while matching may take, at most; beyond, the
// slow matcher does the work. 0, or -1 for one that RE2 does not read.
int slr_add(slr_list *list, const char *expression, size_t length, int64_t memory);

// Makes the list ready: after the last `slr_add`, before the first `slr_first`. 0, or -1 when out of memory.
int slr_compile(slr_list *list);

// Safe from any thread on a list that is compiled.
slr_match slr_first(const slr_list *list, const char *text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
