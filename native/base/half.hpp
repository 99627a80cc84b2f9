// IEEE half precision, held in 16-bit integers: a vector of it to floats and back.
#pragma once
#include "base/vector.hpp"

namespace {

using Half = uint16_t;
#if defined(__AVX512F__)
INLINE Float widened(const Half* from) { return (Float)_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))); }
INLINE void store_rounded(Half* to, Float v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT)); }
#elif defined(__F16C__)
INLINE Float widened(const Half* from) { return (Float)_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))); }
INLINE void store_rounded(Half* to, Float v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT)); }
#else
INLINE Float widened(const Half* from) {
    Float v;
    for (int i = 0; i < lanes<float>; ++i) {
        _Float16 half;
        __builtin_memcpy(&half, from + i, sizeof half);
        v[i] = float(half);
    }
    return v;
}
INLINE void store_rounded(Half* to, Float v) {
    for (int i = 0; i < lanes<float>; ++i) {
        const _Float16 half = _Float16(v[i]);
        __builtin_memcpy(to + i, &half, sizeof half);
    }
}
#endif

}  // namespace
