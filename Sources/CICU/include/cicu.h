#ifndef SEALANE_CICU_H
#define SEALANE_CICU_H
#include <stddef.h>
#include <stdint.h>

// The thinnest door to ICU. It exists because ICU renames its functions by macros, which Swift does not see.

/// Text of a charset as UTF-8, with U+FFFD for what is none of it.
///
/// Returns how many bytes it takes, more than `capacity` if it does not fit; -1 if the charset is not known, -2 if it could not be read.
long sealane_icu_decode(const char *charset, const uint8_t *bytes, size_t count, char *target, size_t capacity);

/// The skeleton of a text (UTS #39, section 4), both UTF-8. Returns its size, more than `capacity` if it does not fit; -1 on failure.
long sealane_icu_skeleton(const char *text, size_t count, char *target, size_t capacity);

/// The restriction level of a text (UTS #39, section 5.2): 0 ASCII, 1 one script, 2 highly, 3 moderately, 4 minimally restrictive, 5 none;
/// -1 on failure.
int sealane_icu_restriction(const char *text, size_t count);

/// The A-labels of a domain name (UTS #46, non-transitional, CheckBidi and CheckJoiners, without STD3 rules and lengths), both UTF-8. Returns
/// the size, more than `capacity` if it does not fit; -1 for what is no name, or on failure.
long sealane_icu_domain(const char *name, size_t count, char *target, size_t capacity);

#endif
