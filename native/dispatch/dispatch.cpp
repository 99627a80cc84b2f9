#include "dispatch/dispatch.hpp"

#include <cstring>
#include <string>

extern const Kernels kernels_baseline;
#if defined(__x86_64__)
extern const Kernels kernels_v3;
extern const Kernels kernels_v4;
#endif

namespace {

const Kernels* chosen = &kernels_baseline;

// Best first.
const Kernels* const* compiled() {
#if defined(__x86_64__)
    static const Kernels* tables[] = {&kernels_v4, &kernels_v3, &kernels_baseline, nullptr};
#else
    static const Kernels* tables[] = {&kernels_baseline, nullptr};
#endif
    return tables;
}

bool supported(const Kernels* table) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (table == &kernels_v3) return v3;
    if (table == &kernels_v4)
        return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return table == &kernels_baseline;
}

}  // namespace

template <> const RowKernels<float>& row_kernels<float>() { return chosen->f32; }
template <> const RowKernels<double>& row_kernels<double>() { return chosen->f64; }
const Kernels& kernels() { return *chosen; }

bool choose_kernels(const char* wanted) {
    for (const Kernels* const* table = compiled(); *table; ++table)
        if (supported(*table) && (!wanted || !*wanted || std::strcmp(wanted, (*table)->isa) == 0)) {
            chosen = *table;
            return true;
        }
    return false;
}

const char* available_isas() {
    static const std::string names = [] {
        std::string list;
        for (const Kernels* const* table = compiled(); *table; ++table)
            if (supported(*table)) list += std::string(list.empty() ? "" : ", ") + (*table)->isa;
        return list;
    }();
    return names.c_str();
}
