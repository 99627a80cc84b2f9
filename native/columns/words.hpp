// Words of cells: trimming, lower case, and tables that find a word's number. May include the standard library alone.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace normexp::columns {

// A cell without text (a null) is a view without data.
using Cell = std::string_view;

inline bool is_null(Cell cell) { return cell.data() == nullptr; }

inline Cell trimmed(Cell cell) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!cell.empty() && blank(cell.front())) cell.remove_prefix(1);
    while (!cell.empty() && blank(cell.back())) cell.remove_suffix(1);
    return cell;
}

// Spaces that typesetters put between digits, in UTF-8: no-break, thin, narrow no-break, figure.
inline int wide_space(Cell cell) {
    if (cell.starts_with("\xC2\xA0")) return 2;
    return cell.starts_with("\xE2\x80\x89") || cell.starts_with("\xE2\x80\xAF") || cell.starts_with("\xE2\x80\x87") ? 3 : 0;
}

inline int wide_space_at_end(Cell cell) {
    if (cell.size() >= 2 && wide_space(cell.substr(cell.size() - 2)) == 2) return 2;
    return cell.size() >= 3 && wide_space(cell.substr(cell.size() - 3)) == 3 ? 3 : 0;
}

// As `trimmed`, and without the spaces of typesetters and line ends: what numbers and dates are read from.
inline Cell trimmed_all(Cell cell) {
    for (;;) {
        const Cell before = cell;
        cell = trimmed(cell);
        while (!cell.empty() && cell.front() == '\n') cell.remove_prefix(1);
        while (!cell.empty() && cell.back() == '\n') cell.remove_suffix(1);
        cell.remove_prefix(size_t(wide_space(cell)));
        cell.remove_suffix(size_t(wide_space_at_end(cell)));
        if (cell.size() == before.size()) return cell;
    }
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

inline bool equals_lower(Cell cell, Cell word) {
    if (cell.size() != word.size()) return false;
    for (size_t i = 0; i < cell.size(); ++i)
        if (lower(cell[i]) != word[i]) return false;
    return true;
}

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
