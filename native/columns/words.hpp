// Words of cells: tables that find a word's number, words that mean a missing value, counts of words.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columns/cell.hpp"

namespace normexp::columns {

struct WordHash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const { return std::hash<std::string_view>{}(word); }
};

// Words with a number each, from 0 in the order of a list.
class WordTable {
  public:
    explicit WordTable(const std::vector<std::string>& words) {
        numbers_.reserve(words.size());
        for (size_t i = 0; i < words.size(); ++i) numbers_.emplace(words[i], int(i));
    }
    int find(Cell word) const {
        const auto found = numbers_.find(word);
        return found == numbers_.end() ? -1 : found->second;
    }

  private:
    std::unordered_map<std::string, int, WordHash, std::equal_to<>> numbers_;
};

// Words that mean a missing value. Most cells are told apart by their first byte and length.
class MissingWords {
  public:
    explicit MissingWords(const std::vector<std::string>& words) : table_(words) {
        for (const std::string& word : words) {
            longest_ = std::max(longest_, word.size());
            if (!word.empty()) first_[uint8_t(word[0])] = first_[uint8_t(upper(word[0]))] = true;
        }
    }
    // The word's number, or -1.
    int find(Cell cell) const {
        if (cell.empty()) return table_.find(cell);
        if (cell.size() > longest_ || !first_[uint8_t(cell[0])]) return -1;
        std::string folded(cell);
        for (char& c : folded) c = lower(c);
        const int found = table_.find(folded);
        return found >= 0 ? found : table_.find(cell);
    }

  private:
    static char upper(char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; }
    WordTable table_;
    size_t longest_ = 0;
    std::array<bool, 256> first_{};
};

// A word of the list, or nothing but spaces, typesetters' among them.
inline bool means_missing(const MissingWords& missing, Cell word) {
    if (missing.find(word) >= 0) return true;
    const Cell t = trimmed_all(word);
    return t.empty() || (t.size() < word.size() && missing.find(t) >= 0);
}

// How often each word came, and where first. Words beyond `most` are counted together.
class WordCounts {
  public:
    struct Count {
        int64_t n = 0, first_row = 0;
    };
    explicit WordCounts(size_t most) : most_(most) {}
    void add(Cell word, int64_t row) {
        ++total_;
        if (const auto found = counts_.find(word); found != counts_.end()) {
            ++found->second.n;
        } else if (counts_.size() < most_) {
            counts_.emplace(std::string(word), Count{1, row});
        } else {
            ++others_;
        }
    }
    int64_t total() const { return total_; }
    int64_t others() const { return others_; }
    const auto& counts() const { return counts_; }

  private:
    size_t most_;
    int64_t total_ = 0, others_ = 0;
    std::unordered_map<std::string, Count, WordHash, std::equal_to<>> counts_;
};

}  // namespace normexp::columns
