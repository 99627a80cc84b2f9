// A vector of W floats or doubles on compiler vector extensions: the type, whole loads and stores, arithmetic. Intrinsics stand in base alone.
//
// Everything lives in an anonymous namespace, so that each instruction set keeps its own copy. All operations are
// exact IEEE operations lane by lane; `fma` is fused where the instruction set has it (AVX2, AVX-512, NEON) and a
// product followed by a sum on baseline x86-64.
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__x86_64__)
#include <emmintrin.h>  // a tenth of the time to read
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
using UnsignedInt = uint32_t __attribute__((vector_size(vector_bytes)));
using UnsignedLong = uint64_t __attribute__((vector_size(vector_bytes)));

template <class T> struct VectorOf;
template <> struct VectorOf<float> { using type = Float; using integer = Int; using bits = UnsignedInt; };
template <> struct VectorOf<double> { using type = Double; using integer = Long; using bits = UnsignedLong; };
template <class T> using Vector = typename VectorOf<T>::type;
template <class T> using Integers = typename VectorOf<T>::integer;
template <class T> using Bits = typename VectorOf<T>::bits;  // as Integers, but wraps: lanes that are not wanted may overflow
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

// candidate > current ? candidate : current. A NaN in `candidate` is passed over, one in `current` stays.
#if defined(__AVX512F__)
INLINE Float greater_of(Float current, Float candidate) { return (Float)_mm512_max_ps((__m512)candidate, (__m512)current); }
INLINE Double greater_of(Double current, Double candidate) { return (Double)_mm512_max_pd((__m512d)candidate, (__m512d)current); }
#elif defined(__AVX2__)
INLINE Float greater_of(Float current, Float candidate) { return (Float)_mm256_max_ps((__m256)candidate, (__m256)current); }
INLINE Double greater_of(Double current, Double candidate) { return (Double)_mm256_max_pd((__m256d)candidate, (__m256d)current); }
#elif defined(__x86_64__)
INLINE Float greater_of(Float current, Float candidate) { return (Float)_mm_max_ps((__m128)candidate, (__m128)current); }
INLINE Double greater_of(Double current, Double candidate) { return (Double)_mm_max_pd((__m128d)candidate, (__m128d)current); }
#else
template <class V> INLINE V greater_of(V current, V candidate) { return candidate > current ? candidate : current; }
#endif

template <class T> struct FloatFormat;
template <> struct FloatFormat<float> { static constexpr int bias = 127, mantissa_bits = 23; };
template <> struct FloatFormat<double> { static constexpr int bias = 1023, mantissa_bits = 52; };

// Entry j of a table of one vector, j the low bits of each lane.
#if defined(__AVX512F__)
INLINE Float looked_up(const float* table, Float lane) { return (Float)_mm512_permutexvar_ps((__m512i)lane, _mm512_loadu_ps(table)); }
INLINE Double looked_up(const double* table, Double lane) { return (Double)_mm512_permutexvar_pd((__m512i)lane, _mm512_loadu_pd(table)); }
#elif defined(__AVX2__)
INLINE Float looked_up(const float* table, Float lane) { return (Float)_mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i)lane); }
#endif

#if defined(__AVX512F__)
// x < lowest ? 0 : p * 2^floor(n), rounded once. Where x < lowest the others may hold anything; no time is lost on subnormal numbers there.
constexpr bool scales_by_floor = true;
INLINE Float scaled(Float p, Float n, Float x, Float lowest) {
    return (Float)_mm512_maskz_scalef_ps(_mm512_cmp_ps_mask((__m512)x, (__m512)lowest, _CMP_NLT_UQ), (__m512)p, (__m512)n);
}
INLINE Double scaled(Double p, Double n, Double x, Double lowest) {
    return (Double)_mm512_maskz_scalef_pd(_mm512_cmp_pd_mask((__m512d)x, (__m512d)lowest, _CMP_NLT_UQ), (__m512d)p, (__m512d)n);
}
#else
constexpr bool scales_by_floor = false;
#endif

// Between a vector of floats and two of doubles.
#if defined(__AVX512F__)
INLINE Double low_half(Float v) { return (Double)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)); }
INLINE Double high_half(Float v) { return (Double)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1)); }
INLINE Float narrow(Double low, Double high) {
    return (Float)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)low)), _mm512_cvtpd_ps((__m512d)high), 1);
}
#elif defined(__AVX2__)
INLINE Double low_half(Float v) { return (Double)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)); }
INLINE Double high_half(Float v) { return (Double)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1)); }
INLINE Float narrow(Double low, Double high) { return (Float)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)high), _mm256_cvtpd_ps((__m256d)low)); }
#elif defined(__x86_64__)
INLINE Double low_half(Float v) { return (Double)_mm_cvtps_pd((__m128)v); }
INLINE Double high_half(Float v) { return (Double)_mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v)); }
INLINE Float narrow(Double low, Double high) { return (Float)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)low), _mm_cvtpd_ps((__m128d)high)); }
#else
INLINE Double low_half(Float v) { return Double{v[0], v[1]}; }
INLINE Double high_half(Float v) { return Double{v[2], v[3]}; }
INLINE Float narrow(Double low, Double high) { return Float{float(low[0]), float(low[1]), float(high[0]), float(high[1])}; }
#endif

}  // namespace
