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

template <class T> INLINE bool any_lane(Integers<T> mask) { return over_lanes(mask, [](Integers<T> a, Integers<T> b) INLINE_LAMBDA { return a | b; }) != 0; }

template <class T> INLINE T greatest_lane(Vector<T> v) {
    return over_lanes(v, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return greater_of(a, b); });
}

// Lanes whose number has the bit `distance` are exchanged between a (its lanes with the bit) and b (its lanes without).
template <int distance, class V, int... I> INLINE void exchange(V& a, V& b, Order<I...>) {
    constexpr int W = int(sizeof...(I));
    const V low = __builtin_shufflevector(a, b, ((I & distance) ? W + (I ^ distance) : I)...);
    b = __builtin_shufflevector(a, b, ((I & distance) ? W + I : (I ^ distance))...);
    a = low;
}

template <int distance, class V> INLINE void exchange_all(V* v) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    for (int i = 0; i < W; ++i)
        if (!(i & distance)) exchange<distance>(v[i], v[i + distance], typename OrderOf<W>::type{});
}

// Transposes W vectors of W lanes. Wide steps first: best if only the first of the results are used.
template <class V> INLINE void transpose_lanes(V* v) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    if constexpr (W > 8) exchange_all<8>(v);
    if constexpr (W > 4) exchange_all<4>(v);
    if constexpr (W > 2) exchange_all<2>(v);
    exchange_all<1>(v);
}

// The same with narrow steps first: best if only the first of the inputs are not zero.
template <class V> INLINE void transpose_lanes_back(V* v) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    exchange_all<1>(v);
    if constexpr (W > 2) exchange_all<2>(v);
    if constexpr (W > 4) exchange_all<4>(v);
    if constexpr (W > 8) exchange_all<8>(v);
}

// Reduces W vectors at once, each to the lane of its number, by the tree of over_lanes.
template <int distance, class V, class F> INLINE void reduce_step(V* v, const F& combine) {
    for (int i = 0; i < distance; ++i) {
        exchange<distance>(v[i], v[i + distance], typename OrderOf<int(sizeof(V) / sizeof(v[0][0]))>::type{});
        v[i] = combine(v[i], v[i + distance]);
    }
}

template <class V, class F> INLINE V reduced(V* v, const F& combine) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    if constexpr (W > 8) reduce_step<8>(v, combine);
    if constexpr (W > 4) reduce_step<4>(v, combine);
    if constexpr (W > 2) reduce_step<2>(v, combine);
    reduce_step<1>(v, combine);
    return v[0];
}

// IEEE half precision, held in 16-bit integers.
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
