// The losses of a network.
//
// softmax, sigmoid: cross-entropy of logits, the network's last activation taken into the loss. The others take probabilities p, clipped to [1e-7, 1 - 1e-7] as
// Keras does (beyond, the gradient is 0): categorical -sum t log p, p first divided by its sum; binary, the mean over the outputs;
// focal -sum alpha (1 - p)^gamma t log p (Lin et al. 2017); divergence sum t log(t / p), both clipped to [1e-7, 1].
// squared, absolute: the means over the outputs of (y - t)^2 and |y - t|, whose slope at 0 is 0; targets are any numbers.
// Smoothing s makes targets (1 - s) t + s / outputs, binary ones (1 - s) t + s / 2.
#pragma once

namespace normexp {

enum class LossKind : int { softmax, sigmoid, categorical, binary, focal, divergence, squared, absolute };

struct Loss {
    LossKind kind;
    float smoothing, alpha, gamma;
};

}  // namespace normexp
