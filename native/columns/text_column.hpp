// The cells of a column in Arrow's text layouts.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "columns/arrow_interface.hpp"
#include "columns/cell.hpp"

namespace normexp::columns {

inline bool bit_of(const void* bits, int64_t i) { return (static_cast<const uint8_t*>(bits)[i / 8] >> (i % 8)) & 1; }

// Text of one column in one batch; `batch` keeps the memory alive.
class TextColumn {
  public:
    enum Layout { small_offsets, large_offsets, views };

    TextColumn(std::shared_ptr<ArrowArray> batch, const ArrowArray& array, Layout layout, int64_t parent_offset)
        : batch_(std::move(batch)), array_(&array), layout_(layout), first_(array.offset + parent_offset), n_(0) {}

    void limit(int64_t n) { n_ = n; }

    // Its cells from `first` to before `stop`.
    TextColumn part(int64_t first, int64_t stop) const {
        TextColumn found(*this);
        stop = std::clamp<int64_t>(stop, 0, n_);
        first = std::clamp<int64_t>(first, 0, stop);
        found.first_ += first, found.n_ = stop - first;
        return found;
    }
    int64_t size() const { return n_; }

    Cell operator[](int64_t i) const {
        i += first_;
        if (array_->buffers[0] && !bit_of(array_->buffers[0], i)) return {};
        if (layout_ == views) return view(i);
        const char* data = static_cast<const char*>(array_->buffers[2]);
        if (!data) data = "";
        if (layout_ == small_offsets) {
            const int32_t* offsets = static_cast<const int32_t*>(array_->buffers[1]);
            return {data + offsets[i], size_t(offsets[i + 1] - offsets[i])};
        }
        const int64_t* offsets = static_cast<const int64_t*>(array_->buffers[1]);
        return {data + offsets[i], size_t(offsets[i + 1] - offsets[i])};
    }

    // Copied one after the other into memory of its own.
    static TextColumn joined(const std::vector<const TextColumn*>& parts) {
        struct Owned {
            std::vector<uint8_t> valid;
            std::vector<int64_t> offsets{0};
            std::string text;
            std::array<const void*, 3> buffers;
        };
        auto owned = std::make_unique<Owned>();
        int64_t n = 0;
        for (const TextColumn* part : parts) n += part->size();
        owned->valid.assign(size_t(n / 8 + 1), 0);
        owned->offsets.reserve(size_t(n + 1));
        for (const TextColumn* part : parts)
            for (int64_t i = 0; i < part->size(); ++i) {
                const Cell cell = (*part)[i];
                const size_t at = owned->offsets.size() - 1;
                if (!is_null(cell)) owned->valid[at / 8] |= uint8_t(1 << (at % 8)), owned->text.append(cell);
                owned->offsets.push_back(int64_t(owned->text.size()));
            }
        owned->buffers = {owned->valid.data(), owned->offsets.data(), owned->text.data()};
        const auto batch = std::shared_ptr<ArrowArray>(new ArrowArray{}, [](ArrowArray* array) {
            delete static_cast<Owned*>(array->private_data);
            delete array;
        });
        batch->length = n, batch->buffers = owned->buffers.data(), batch->n_buffers = 3, batch->private_data = owned.release();
        TextColumn found(batch, *batch, large_offsets, 0);
        found.limit(n);
        return found;
    }

  private:
    // Sixteen bytes: a length, then the text itself, or four bytes of it, a buffer and an offset.
    Cell view(int64_t i) const {
        const char* at = static_cast<const char*>(array_->buffers[1]) + 16 * i;
        int32_t head[4];
        std::memcpy(head, at, 16);
        if (head[0] <= 12) return {at + 4, size_t(head[0])};
        return {static_cast<const char*>(array_->buffers[2 + head[2]]) + head[3], size_t(head[0])};
    }

    std::shared_ptr<ArrowArray> batch_;
    const ArrowArray* array_;
    Layout layout_;
    int64_t first_, n_;
};

}  // namespace normexp::columns
