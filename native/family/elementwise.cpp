// Functions of single entries over a run of them.
#include <algorithm>

#include "family/gathering.hpp"
#include "family/rows.hpp"
#include "family/sharing.hpp"

namespace normexp {

template <class Stored> void elementwise(Elementwise function, Column x, Column out, int64_t n) {
    using T = Computed<Stored>;
    const auto& call = row_kernels<T>();
    typename RowKernels<T>::Elementwise* const kernels[] = {call.exponential, call.sigmoid, call.log_sigmoid, call.softplus, call.logit};
    const auto kernel = kernels[int(function)];
    share(n, 1, [&](int64_t first, int64_t end) {
        constexpr int64_t piece = 1024;
        T scratch[piece];
        const RowLayout from{x.data, 0, x.step}, to{out.data, 0, out.step};
        if (in_place<Stored>(from, n) && in_place<Stored>(to, n)) return kernel(reinterpret_cast<T*>(x.data) + first, reinterpret_cast<T*>(out.data) + first, end - first);
        for (int64_t i = first; i < end; i += piece) {
            const int64_t count = std::min(piece, end - i);
            gather<Stored>({x.data + i * x.step, 0, x.step}, 0, 1, count, scratch, count);
            kernel(scratch, scratch, count);
            scatter<Stored>(scratch, count, {out.data + i * out.step, 0, out.step}, 0, 1, count);
        }
    });
}

template void elementwise<uint16_t>(Elementwise, Column, Column, int64_t);
template void elementwise<float>(Elementwise, Column, Column, int64_t);
template void elementwise<double>(Elementwise, Column, Column, int64_t);

}  // namespace normexp
