// Vectors of floats that begin where a cache line does: loads and stores of 64 bytes that cross lines make an update of the parameters half as slow again.
#pragma once
#include <cstddef>
#include <new>
#include <vector>

namespace normexp {

template <class T> struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t line{64};
    T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), line)); }
    void deallocate(T* p, size_t) { ::operator delete(p, line); }
    bool operator==(const LineAllocator&) const = default;
};

using Floats = std::vector<float, LineAllocator<float>>;

}  // namespace normexp
