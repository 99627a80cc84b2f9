// Parts of a vector: loads and stores of its first lanes, for the ends of rows and for rows shorter than a vector; rows walked by whole vectors and a last part.
#pragma once
#include "base/vector.hpp"

namespace {

// The first `count` lanes; the others are `fill` when loading and left alone when storing. Memory beyond is not touched.
#if defined(__AVX512F__)
INLINE Float load_first(const float* from, int count, float fill) {
    return (Float)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), __mmask16((1u << count) - 1), from);
}
INLINE Double load_first(const double* from, int count, double fill) {
    return (Double)_mm512_mask_loadu_pd(_mm512_set1_pd(fill), __mmask8((1u << count) - 1), from);
}
INLINE void store_first(float* to, Float v, int count) { _mm512_mask_storeu_ps(to, __mmask16((1u << count) - 1), (__m512)v); }
INLINE void store_first(double* to, Double v, int count) { _mm512_mask_storeu_pd(to, __mmask8((1u << count) - 1), (__m512d)v); }
#elif defined(__AVX2__)
alignas(64) constexpr int32_t first_lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
INLINE __m256i lanes_of(int count, int width) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first_lanes + 8 - count * width)); }
INLINE Float load_first(const float* from, int count, float fill) {
    const __m256i mask = lanes_of(count, 1);
    return (Float)_mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(from, mask), (__m256)mask);
}
INLINE Double load_first(const double* from, int count, double fill) {
    const __m256i mask = lanes_of(count, 2);
    return (Double)_mm256_blendv_pd(_mm256_set1_pd(fill), _mm256_maskload_pd(from, mask), (__m256d)mask);
}
INLINE void store_first(float* to, Float v, int count) {  // a masked store takes tens of cycles on some processors
    if (count >= 8) return store<float>(to, v);
    __m128 part = _mm256_castps256_ps128((__m256)v);
    if (count & 4) {
        _mm_storeu_ps(to, part);
        part = _mm256_extractf128_ps((__m256)v, 1);
        to += 4;
    }
    if (count & 2) {
        _mm_storel_pi(reinterpret_cast<__m64*>(to), part);
        part = _mm_movehl_ps(part, part);
        to += 2;
    }
    if (count & 1) _mm_store_ss(to, part);
}
INLINE void store_first(double* to, Double v, int count) {
    if (count >= 4) return store<double>(to, v);
    __m128d part = _mm256_castpd256_pd128((__m256d)v);
    if (count & 2) {
        _mm_storeu_pd(to, part);
        part = _mm256_extractf128_pd((__m256d)v, 1);
        to += 2;
    }
    if (count & 1) _mm_store_sd(to, part);
}
#else
template <class T> INLINE auto load_first(const T* from, int count, T fill) {
    T buffer[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i) buffer[i] = fill;
    for (int i = 0; i < count; ++i) buffer[i] = from[i];
    return load<T>(buffer);
}
template <class T, class V> INLINE void store_first(T* to, V v, int count) {
    for (int i = 0; i < count; ++i) to[i] = v[i];
}
#endif

// The first `count` lanes, known when compiled: no byte beyond them is touched, nor the next cache line.
#if defined(__AVX512F__)
template <int count> INLINE Float load_exactly(const float* from) {
    if constexpr (count <= 4) return (Float)_mm512_zextps128_ps512(_mm_maskz_loadu_ps((1 << count) - 1, from));
    else if constexpr (count <= 8) return (Float)_mm512_zextps256_ps512(_mm256_maskz_loadu_ps((1 << count) - 1, from));
    else return load_first(from, count, 0.0f);
}
template <int count> INLINE Double load_exactly(const double* from) {
    if constexpr (count <= 2) return (Double)_mm512_zextpd128_pd512(_mm_maskz_loadu_pd((1 << count) - 1, from));
    else if constexpr (count <= 4) return (Double)_mm512_zextpd256_pd512(_mm256_maskz_loadu_pd((1 << count) - 1, from));
    else return load_first(from, count, 0.0);
}
template <int count> INLINE void store_exactly(float* to, Float v) {
    if constexpr (count <= 4) _mm_mask_storeu_ps(to, (1 << count) - 1, _mm512_castps512_ps128((__m512)v));
    else if constexpr (count <= 8) _mm256_mask_storeu_ps(to, (1 << count) - 1, _mm512_castps512_ps256((__m512)v));
    else store_first(to, v, count);
}
template <int count> INLINE void store_exactly(double* to, Double v) {
    if constexpr (count <= 2) _mm_mask_storeu_pd(to, (1 << count) - 1, _mm512_castpd512_pd128((__m512d)v));
    else if constexpr (count <= 4) _mm256_mask_storeu_pd(to, (1 << count) - 1, _mm512_castpd512_pd256((__m512d)v));
    else store_first(to, v, count);
}
#elif defined(__AVX2__)
template <int count> INLINE Float load_exactly(const float* from) {  // no stretch of memory that was just written in smaller pieces is read
    if constexpr (count == 1) return (Float)_mm256_zextps128_ps256(_mm_load_ss(from));
    else if constexpr (count == 2) return (Float)_mm256_zextsi128_si256(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
    else if constexpr (count == 4) return (Float)_mm256_zextps128_ps256(_mm_loadu_ps(from));
    else if constexpr (count >= 8) return load<float>(from);
    else return (Float)_mm256_maskload_ps(from, lanes_of(count, 1));
}
template <int count> INLINE Double load_exactly(const double* from) {
    if constexpr (count == 1) return (Double)_mm256_zextpd128_pd256(_mm_load_sd(from));
    else if constexpr (count == 2) return (Double)_mm256_zextpd128_pd256(_mm_loadu_pd(from));
    else if constexpr (count >= 4) return load<double>(from);
    else return (Double)_mm256_maskload_pd(from, lanes_of(count, 2));
}
template <int count, class T, class V> INLINE void store_exactly(T* to, V v) { store_first(to, v, count); }
#else
template <int count, class T> INLINE Vector<T> load_exactly(const T* from) {
    Vector<T> v{};
    __builtin_memcpy(&v, from, count * sizeof(T));
    return v;
}
template <int count, class T, class V> INLINE void store_exactly(T* to, V v) { __builtin_memcpy(to, &v, count * sizeof(T)); }
#endif

// Calls body(from, count) on vectors of the row.
template <class T, class F> INLINE void over_row(int64_t n, const F& body) {
    constexpr int W = lanes<T>;
    int64_t i = 0;
    for (; i + W <= n; i += W) body(i, W);
    if (i < n) body(i, int(n - i));
}

}  // namespace
