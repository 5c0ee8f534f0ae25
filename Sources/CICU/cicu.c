#include "cicu.h"

#include <pthread.h>
#include <unicode/ucnv.h>
#include <unicode/uidna.h>
#include <unicode/uspoof.h>

// ICU counts in 32 bits.
static const size_t largest = 1 << 29;

long sealane_icu_decode(const char *charset, const uint8_t *bytes, size_t count, char *target, size_t capacity) {
  if (count > largest || capacity > largest) return -2;
  UErrorCode status = U_ZERO_ERROR;
  UConverter *converter = ucnv_open(charset, &status);
  if (U_FAILURE(status)) return -1;
  ucnv_close(converter);
  status = U_ZERO_ERROR;
  int32_t size = ucnv_convert("UTF-8", charset, target, (int32_t)capacity, (const char *)bytes, (int32_t)count, &status);
  if (status == U_BUFFER_OVERFLOW_ERROR) return size;
  return U_FAILURE(status) ? -2 : size;
}

// Made once and never changed: ICU allows such a checker to be used by many threads.
static USpoofChecker *checker = NULL;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_checker(void) {
  UErrorCode status = U_ZERO_ERROR;
  USpoofChecker *opened = uspoof_open(&status);
  if (U_FAILURE(status)) return;
  uspoof_setChecks(opened, USPOOF_RESTRICTION_LEVEL | USPOOF_AUX_INFO, &status);
  uspoof_setRestrictionLevel(opened, USPOOF_HIGHLY_RESTRICTIVE);
  if (U_SUCCESS(status)) checker = opened;
}

long sealane_icu_skeleton(const char *text, size_t count, char *target, size_t capacity) {
  pthread_once(&once, open_checker);
  if (checker == NULL || count > largest || capacity > largest) return -1;
  UErrorCode status = U_ZERO_ERROR;
  int32_t size = uspoof_getSkeletonUTF8(checker, 0, text, (int32_t)count, target, (int32_t)capacity, &status);
  if (status == U_BUFFER_OVERFLOW_ERROR) return size;
  return U_FAILURE(status) ? -1 : size;
}

int sealane_icu_restriction(const char *text, size_t count) {
  pthread_once(&once, open_checker);
  if (checker == NULL || count > largest) return -1;
  UErrorCode status = U_ZERO_ERROR;
  int32_t found = uspoof_checkUTF8(checker, text, (int32_t)count, NULL, &status);
  if (U_FAILURE(status)) return -1;
  switch (found & USPOOF_RESTRICTION_LEVEL_MASK) {
    case USPOOF_ASCII: return 0;
    case USPOOF_SINGLE_SCRIPT_RESTRICTIVE: return 1;
    case USPOOF_HIGHLY_RESTRICTIVE: return 2;
    case USPOOF_MODERATELY_RESTRICTIVE: return 3;
    case USPOOF_MINIMALLY_RESTRICTIVE: return 4;
    default: return 5;
  }
}

// As above: made once and used by many threads.
static UIDNA *names = NULL;
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static void open_names(void) {
  UErrorCode status = U_ZERO_ERROR;
  UIDNA *opened = uidna_openUTS46(
    UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE, &status);
  if (U_SUCCESS(status)) names = opened;
}

long sealane_icu_domain(const char *name, size_t count, char *target, size_t capacity) {
  pthread_once(&names_once, open_names);
  if (names == NULL || count > largest || capacity > largest) return -1;
  UErrorCode status = U_ZERO_ERROR;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  int32_t size = uidna_nameToASCII_UTF8(names, name, (int32_t)count, target, (int32_t)capacity, &info, &status);
  // URLs have hyphens anywhere; lengths are for whoever asks.
  const uint32_t allowed = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                           UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;
  if (info.errors & ~allowed) return -1;
  if (status == U_BUFFER_OVERFLOW_ERROR) return size;
  return U_FAILURE(status) ? -1 : size;
}
