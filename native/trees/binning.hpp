// Room: trees - boosted trees that end in a softmax: one symmetric tree a round, leaves of a logit a class. May include: base, dispatch.
//
// Numbers to bins.
#pragma once
#include <cstdint>

#include "trees/prediction.hpp"

namespace normexp {

// Of `n_rows` chosen rows of a matrix, feature by feature: 1 + how many of the feature's rising thresholds the value is above, 0 for a missing one. The thresholds of feature i are
// those from firsts[i] to firsts[i + 1].
template <class T> void bins_of(Values<T> matrix, const int64_t* rows, int64_t n_rows, int n_features, const double* thresholds, const int64_t* firsts, uint8_t* out, int threads);

}  // namespace normexp
