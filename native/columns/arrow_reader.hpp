// An Arrow stream, read to its end: its batches, and of each column the values or the text.
#pragma once
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "columns/text_column.hpp"

namespace normexp::columns {

// One column of one batch: text, or numbers with a byte a row that is 1 where a value is missing.
struct ArrowColumn {
    std::optional<TextColumn> text;
    char type = 0;  // 'l' int64, 'g' float64, 'b' boolean, in `integers` or `doubles`
    std::vector<int64_t> integers;
    std::vector<double> doubles;
    std::vector<uint8_t> missing;
};

struct ArrowBatch {
    int64_t n_rows = 0;
    std::vector<ArrowColumn> columns;
};

class ArrowReader {
  public:
    explicit ArrowReader(ArrowArrayStream* stream) : stream_(stream) {
        if (!stream_->release) throw std::invalid_argument("expected an Arrow stream, got one that was read before");
        check(stream_->get_schema(stream_, &schema_));
    }
    ArrowReader(const ArrowReader&) = delete;
    ArrowReader& operator=(const ArrowReader&) = delete;
    ~ArrowReader() {
        if (schema_.release) schema_.release(&schema_);
        if (stream_->release) stream_->release(stream_);
    }

    std::optional<ArrowBatch> next() {
        auto array = std::shared_ptr<ArrowArray>(new ArrowArray{}, [](ArrowArray* a) {
            if (a->release) a->release(a);
            delete a;
        });
        check(stream_->get_next(stream_, array.get()));
        if (!array->release) return {};
        ArrowBatch batch;
        batch.n_rows = array->length;
        if (std::string_view(schema_.format) == "+s") {
            for (int64_t i = 0; i < schema_.n_children; ++i) batch.columns.push_back(column(array, *schema_.children[i], *array->children[i], array->offset, array->length));
        } else {
            batch.columns.push_back(column(array, schema_, *array, 0, array->length));
        }
        return batch;
    }

  private:
    void check(int code) {
        if (!code) return;
        const char* message = stream_->get_last_error ? stream_->get_last_error(stream_) : nullptr;
        throw std::runtime_error(message ? message : "expected an Arrow stream that can be read, got an error without words");
    }

    static ArrowColumn column(const std::shared_ptr<ArrowArray>& batch, const ArrowSchema& schema, const ArrowArray& array, int64_t parent_offset, int64_t n) {
        const std::string_view format = schema.format;
        ArrowColumn found;
        if (schema.dictionary) throw std::invalid_argument("expected a column without a dictionary");
        if (format == "u" || format == "U" || format == "vu") {
            found.text.emplace(batch, array, format == "u" ? TextColumn::small_offsets : format == "U" ? TextColumn::large_offsets : TextColumn::views, parent_offset);
            found.text->limit(n);
            return found;
        }
        if (format != "l" && format != "g" && format != "b") throw std::invalid_argument("expected text, 64-bit numbers or booleans, got Arrow's type " + std::string(format));
        const int64_t first = array.offset + parent_offset;
        found.type = format[0];
        if (array.null_count != 0 && array.buffers[0]) {
            found.missing.resize(size_t(n));
            for (int64_t i = 0; i < n; ++i) found.missing[size_t(i)] = !bit_of(array.buffers[0], first + i);
        }
        if (format == "g") {
            const double* values = static_cast<const double*>(array.buffers[1]) + first;
            found.doubles.assign(values, values + n);
        } else if (format == "l") {
            const int64_t* values = static_cast<const int64_t*>(array.buffers[1]) + first;
            found.integers.assign(values, values + n);
        } else {
            found.integers.resize(size_t(n));
            for (int64_t i = 0; i < n; ++i) found.integers[size_t(i)] = bit_of(array.buffers[1], first + i);
        }
        return found;
    }

    ArrowArrayStream* stream_;
    ArrowSchema schema_{};
};

}  // namespace normexp::columns
