// A network is a list of layers over one flat parameter vector; a layer holds offsets into it, never weights.
//
// segments (`places`) of a layer: dense weights (inputs, outputs), bias; batch_norm gamma, beta, moving mean, moving variance; layer_norm gamma, beta;
// scaling factors, shifts; prelu slopes.
#pragma once
#include "base/operands.hpp"

enum class LayerKind : int { dense, activation, softmax, dropout, noise, batch_norm, layer_norm, scaling, prelu };

struct Layer {
    LayerKind kind;
    Activation activation;
    int64_t inputs, outputs;
    int64_t places[4];  // of the layer's segments in the parameter vector, -1 where there is none
    ActivationOptions options;
    bool trained;       // batch_norm: by the batch's moments; dense and others: the gradient of the parameters is wanted
};
