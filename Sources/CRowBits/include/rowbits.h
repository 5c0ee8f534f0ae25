// Bit sets over the rows of a block: bit i of word i / 64 stands for row i. What Swift's SIMD types cannot do at speed, since they have
// no way from a comparison to a mask of bits. SSE2 is part of every x86-64; elsewhere the compiler gets plain loops.
#ifndef SEALANE_ROWBITS_H
#define SEALANE_ROWBITS_H

#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Words that hold `count` bits.
static inline size_t rowbits_words(size_t count) { return (count + 63) / 64; }

static inline uint64_t rowbits_tail_mask(size_t count) {
  return count % 64 == 0 ? ~(uint64_t)0 : (((uint64_t)1 << (count % 64)) - 1);
}

// Rows whose code is one of `wanted[0..<wanted_count]` (1 to 8 of them). `codes` has `count` rows; nothing behind them is read.
static inline void rowbits_equal_u8(
  const uint8_t *codes, size_t count, const uint8_t *wanted, size_t wanted_count, uint64_t *out
) {
  size_t row = 0;
#if defined(__SSE2__)
  __m128i w[8];
  for (size_t i = 0; i < 8; i++) w[i] = _mm_set1_epi8((char)wanted[i < wanted_count ? i : 0]);
  for (; row + 64 <= count; row += 64) {
    uint64_t word = 0;
    for (int part = 0; part < 4; part++) {
      const __m128i v = _mm_loadu_si128((const __m128i *)(codes + row + 16 * part));
      __m128i hit = _mm_cmpeq_epi8(v, w[0]);
      if (wanted_count > 1) {
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, w[1]));
        hit = _mm_or_si128(hit, _mm_or_si128(_mm_cmpeq_epi8(v, w[2]), _mm_cmpeq_epi8(v, w[3])));
      }
      if (wanted_count > 4) {
        hit = _mm_or_si128(hit, _mm_or_si128(_mm_cmpeq_epi8(v, w[4]), _mm_cmpeq_epi8(v, w[5])));
        hit = _mm_or_si128(hit, _mm_or_si128(_mm_cmpeq_epi8(v, w[6]), _mm_cmpeq_epi8(v, w[7])));
      }
      word |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * part);
    }
    out[row / 64] = word;
  }
#endif
  while (row < count) {
    uint64_t word = 0;
    const size_t end = row + 64 < count ? row + 64 : count;
    const size_t first = row;
    for (; row < end; row++) {
      int hit = 0;
      for (size_t i = 0; i < wanted_count; i++) hit |= codes[row] == wanted[i];
      word |= (uint64_t)hit << (row - first);
    }
    out[first / 64] = word;
  }
}

// Rows whose code has a byte other than 0 in `table`.
static inline void rowbits_table_u8(const uint8_t *codes, size_t count, const uint8_t *table, uint64_t *out) {
  for (size_t row = 0; row < count;) {
    const size_t first = row;
    const size_t end = row + 64 < count ? row + 64 : count;
    uint64_t word = 0;
    for (; row < end; row++) word |= (uint64_t)(table[codes[row]] != 0) << (row - first);
    out[first / 64] = word;
  }
}

static inline void rowbits_table_u16(const uint16_t *codes, size_t count, const uint8_t *table, uint64_t *out) {
  for (size_t row = 0; row < count;) {
    const size_t first = row;
    const size_t end = row + 64 < count ? row + 64 : count;
    uint64_t word = 0;
    for (; row < end; row++) word |= (uint64_t)(table[codes[row]] != 0) << (row - first);
    out[first / 64] = word;
  }
}

static inline void rowbits_table_u32(const uint32_t *codes, size_t count, const uint8_t *table, uint64_t *out) {
  for (size_t row = 0; row < count;) {
    const size_t first = row;
    const size_t end = row + 64 < count ? row + 64 : count;
    uint64_t word = 0;
    for (; row < end; row++) word |= (uint64_t)(table[codes[row]] != 0) << (row - first);
    out[first / 64] = word;
  }
}

static inline void rowbits_fill(uint64_t *out, size_t count) {
  const size_t words = rowbits_words(count);
  for (size_t i = 0; i < words; i++) out[i] = ~(uint64_t)0;
  if (words > 0) out[words - 1] = rowbits_tail_mask(count);
}

#endif
