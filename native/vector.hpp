// A vector of W floats or doubles on compiler vector extensions: the only file that knows instruction sets.
//
// Everything lives in an anonymous namespace, so that each instruction set keeps its own copy. All operations are
// exact IEEE operations lane by lane; `fma` is fused where the instruction set has it (AVX2, AVX-512, NEON) and a
// product followed by a sum on baseline x86-64.
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int vector_registers = 32;
#else
constexpr int vector_registers = 16;
#endif

using Float = float __attribute__((vector_size(vector_bytes)));
using Double = double __attribute__((vector_size(vector_bytes)));
using Int = int32_t __attribute__((vector_size(vector_bytes)));
using Long = int64_t __attribute__((vector_size(vector_bytes)));
using HalfFloat = float __attribute__((vector_size(vector_bytes / 2)));

template <class T> struct VectorOf;
template <> struct VectorOf<float> { using type = Float; using integer = Int; };
template <> struct VectorOf<double> { using type = Double; using integer = Long; };
template <class T> using Vector = typename VectorOf<T>::type;
template <class T> using Integers = typename VectorOf<T>::integer;
template <class T> constexpr int lanes = vector_bytes / int(sizeof(T));

#if defined(__FMA__) || defined(__aarch64__)
constexpr bool fma_is_fused = true;
#else
constexpr bool fma_is_fused = false;
#endif

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

template <class T> INLINE Vector<T> broadcast(T value) { return value - Vector<T>{}; }

template <class T> INLINE Vector<T> load(const T* from) {
    Vector<T> v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

template <class T> INLINE void store(T* to, Vector<T> v) { __builtin_memcpy(to, &v, sizeof v); }

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

#if defined(__AVX512F__)
INLINE Float fma(Float a, Float b, Float c) { return (Float)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE Double fma(Double a, Double b, Double c) { return (Double)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
INLINE Float square_root(Float a) { return (Float)_mm512_sqrt_ps((__m512)a); }
#elif defined(__AVX2__)
INLINE Float fma(Float a, Float b, Float c) { return (Float)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE Double fma(Double a, Double b, Double c) { return (Double)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
INLINE Float square_root(Float a) { return (Float)_mm256_sqrt_ps((__m256)a); }
#elif defined(__aarch64__)
INLINE Float fma(Float a, Float b, Float c) { return (Float)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE Double fma(Double a, Double b, Double c) { return (Double)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
INLINE Float square_root(Float a) { return (Float)vsqrtq_f32((float32x4_t)a); }
#else
INLINE Float fma(Float a, Float b, Float c) { return a * b + c; }
INLINE Double fma(Double a, Double b, Double c) { return a * b + c; }
#if defined(__x86_64__)
INLINE Float square_root(Float a) { return (Float)_mm_sqrt_ps((__m128)a); }
#else
INLINE Float square_root(Float a) {
    for (int i = 0; i < lanes<float>; ++i) a[i] = __builtin_sqrtf(a[i]);
    return a;
}
#endif
#endif

// A NaN in `candidate` is passed over: the sum of exponentials finds it.
template <class V> INLINE V greater_of(V current, V candidate) { return candidate > current ? candidate : current; }

INLINE Double low_half(Float v) {
    HalfFloat half;
    __builtin_memcpy(&half, &v, sizeof half);
    return __builtin_convertvector(half, Double);
}
INLINE Double high_half(Float v) {
    HalfFloat half;
    __builtin_memcpy(&half, reinterpret_cast<const char*>(&v) + sizeof half, sizeof half);
    return __builtin_convertvector(half, Double);
}

INLINE Float narrow(Double low, Double high) {
    const HalfFloat halves[2] = {__builtin_convertvector(low, HalfFloat), __builtin_convertvector(high, HalfFloat)};
    Float v;
    __builtin_memcpy(&v, halves, sizeof v);
    return v;
}

// A tree over the lanes of one vector: after the steps every lane holds the result. `combine` gets the vector and its mirror.
template <int... I> struct Order {};
template <int count> struct OrderOf;
template <> struct OrderOf<2> { using type = Order<0, 1>; };
template <> struct OrderOf<4> { using type = Order<0, 1, 2, 3>; };
template <> struct OrderOf<8> { using type = Order<0, 1, 2, 3, 4, 5, 6, 7>; };
template <> struct OrderOf<16> { using type = Order<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>; };

template <int distance, class V, int... I> INLINE V mirrored(V v, Order<I...>) { return __builtin_shufflevector(v, v, (I ^ distance)...); }

template <int distance, class V> INLINE V mirrored(V v) {
    return mirrored<distance>(v, typename OrderOf<int(sizeof(V) / sizeof(v[0]))>::type{});
}

template <class V, class F> INLINE auto over_lanes(V v, F&& combine) {
    constexpr int count = int(sizeof(V) / sizeof(v[0]));
    if constexpr (count > 8) v = combine(v, mirrored<8>(v));
    if constexpr (count > 4) v = combine(v, mirrored<4>(v));
    if constexpr (count > 2) v = combine(v, mirrored<2>(v));
    v = combine(v, mirrored<1>(v));
    return v[0];
}

template <class T> INLINE T greatest_lane(Vector<T> v) {
    return over_lanes(v, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return greater_of(a, b); });
}

// Entries `stride` apart, one a lane; lanes from `count` on are 0 and are not written.
template <class T> INLINE Vector<T> load_column(const T* from, int64_t stride, int count) {
#if defined(__AVX512F__)
    if (count == lanes<T> && stride < (1 << 26)) {
        if constexpr (sizeof(T) == 4) {
            const __m512i at = _mm512_mullo_epi32(_mm512_set1_epi32(int(stride)), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
            return (Vector<T>)_mm512_i32gather_ps(at, from, 4);
        } else {
            const __m256i at = _mm256_mullo_epi32(_mm256_set1_epi32(int(stride)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
            return (Vector<T>)_mm512_i32gather_pd(at, from, 8);
        }
    }
#endif
    Vector<T> v{};
    for (int i = 0; i < count; ++i) v[i] = from[i * stride];
    return v;
}

template <class T> INLINE void store_column(T* to, int64_t stride, Vector<T> v, int count) {
#if defined(__AVX512F__)
    if (count == lanes<T> && stride < (1 << 26)) {
        if constexpr (sizeof(T) == 4) {
            const __m512i at = _mm512_mullo_epi32(_mm512_set1_epi32(int(stride)), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
            return _mm512_i32scatter_ps(to, at, (__m512)v, 4);
        } else {
            const __m256i at = _mm256_mullo_epi32(_mm256_set1_epi32(int(stride)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
            return _mm512_i32scatter_pd(to, at, (__m512d)v, 8);
        }
    }
#endif
    for (int i = 0; i < count; ++i) to[i * stride] = v[i];
}

}  // namespace
