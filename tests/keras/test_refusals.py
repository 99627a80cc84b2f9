"""What Keras has and this package does not, and what does not fit: refused in words."""

import numpy as np
import pytest

from keras_networks import compiled
from normexp import keras
from normexp.keras import callbacks, layers, losses, optimizers  # noqa: F401 the expressions name them

REFUSED = [
    ("keras.Model", AttributeError, "expected a name that normexp.keras has, got 'Model'; it has .*; the functional API is not there yet"),
    ("layers.Conv2D", AttributeError, "expected a name that normexp.keras.layers has, got 'Conv2D'; it has Activation, "),
    ("keras.models.Model", AttributeError, "that normexp.keras.models has, got 'Model'; it has .*; the functional API"),
    ("layers.Dense(3, activation='relu6')", ValueError, "expected an activation out of .* got 'relu6'; did you mean 'relu'"),
    ("layers.Dense(3, activation=len)", ValueError, "got 'len'; functions of your own need Keras itself"),
    ("layers.Dense(3, activity_regularizer='l2')", ValueError, "expected activity_regularizer of Dense to be left at its default"),
    ("layers.Dense(3, kernel_initializer='best')", ValueError, "expected an initializer out of"),
    ("layers.Dense(3, quantised=True)", TypeError, "got quantised"),
    ("layers.Dense(3, dtype='float16')", ValueError, "expected dtype of Dense"),
    ("layers.Dropout(1.5)", ValueError, "expected a rate from 0 to below 1"),
    ("layers.Dropout(0.1, noise_shape=(1,))", ValueError, "expected noise_shape of Dropout"),
    ("layers.Softmax(axis=2)", ValueError, "expected axis of Softmax"),
    ("layers.Normalization(mean=1.0)", ValueError, "expected both mean and variance"),
    ("losses.CategoricalCrossentropy(reduction='sum')", ValueError, "expected reduction of CategoricalCrossentropy"),
    ("losses.CategoricalCrossentropy(label_smoothing=2)", ValueError, "expected label_smoothing from 0 to 1"),
    ("losses.CategoricalFocalCrossentropy(alpha=[1, 2])", ValueError, "expected one number as alpha"),
    ("losses.get('hinge')", ValueError, "expected a loss out of"),
    ("optimizers.get('adamm')", ValueError, "did you mean 'Adam'"),
    ("optimizers.Adam(-1)", ValueError, "expected a finite learning_rate of at least 0"),
    ("optimizers.Adam(clipnorm=1, clipvalue=1)", ValueError, "expected only one of clipnorm"),
    ("optimizers.Adam(jit=True)", ValueError, "recognized: {'jit': True}"),
    ("optimizers.SGD(loss_scale_factor=2)", ValueError, "expected loss_scale_factor of SGD"),
    ("keras.Sequential([5])", TypeError, "expected a layer of normexp.keras.layers, got builtins.int"),
    ("keras.Sequential([keras.Input((3, 4)), layers.Dense(2)])", ValueError, "expected inputs of shape .n,. for layer .*put Flatten before it"),
    ("compiled(callbacks)", TypeError, "expected a layer"),
    ("compiled().compile(run_eagerly=True)", ValueError, "expected run_eagerly of compile"),
    ("keras.utils.to_categorical([3], 2)", ValueError, "expected class indices from 0 to 1, got 3 to 3"),
    ("callbacks.ModelCheckpoint('model.h5')", ValueError, "expected a path that ends in .keras with save_weights_only=False, got 'model.h5'"),
    ("layers.Dense('3')", TypeError, "expected units of Dense to be a whole number, got '3'"),
    ("layers.Dense(True)", TypeError, "expected units of Dense to be a whole number, got True"),
    ("layers.Dense(10**400)", TypeError, "expected units of Dense to be a whole number, got 10000"),
    ("layers.Dense(2.5)", TypeError, "expected units of Dense to be a whole number, got 2.5"),
    ("layers.Dense(3, use_bias=1)", TypeError, "expected use_bias of Dense to be true or false, got 1"),
    ("layers.Dense(3, name=5)", TypeError, "expected name of Dense to be a text, got 5"),
    ("layers.Dense(0)", ValueError, "expected at least 1 unit in Dense, got 0"),
    ("layers.Dropout(float('nan'))", TypeError, "expected rate of Dropout to be a finite number, got nan"),
    ("layers.Rescaling([1, 2])", TypeError, "expected scale of Rescaling to be a finite number"),
    ("layers.ReLU(max_value=-1)", ValueError, "expected max_value, negative_slope and threshold of ReLU to be at least 0"),
    ("layers.BatchNormalization(momentum=2)", ValueError, "expected momentum of BatchNormalization from 0 to 1 and epsilon above 0"),
    ("layers.LayerNormalization(epsilon=0)", ValueError, "expected epsilon of LayerNormalization above 0, got 0"),
    ("layers.Normalization(mean=1.0, variance=-1.0)", ValueError, "expected a finite mean and a finite variance of at least 0"),
    ("keras.Sequential([keras.Input((3,)), layers.Normalization(mean=[1, 2], variance=[1, 2])])", ValueError, "expected one number or 3 as mean of layer"),
    ("keras.regularizers.L2(-1)", ValueError, "expected l2 of L2 to be a finite number of at least 0, got -1"),
    ("keras.regularizers.L1L2(l1='x')", TypeError, "expected l1 of L1L2 to be a finite number, got 'x'"),
    ("keras.constraints.MaxNorm(0)", ValueError, "expected max_value of MaxNorm to be a finite number above 0, got 0"),
    ("keras.metrics.AUC(num_thresholds=10**9)", ValueError, "from 2 to 1,000,000 thresholds"),
    ("optimizers.Adam(clipnorm='x')", TypeError, "expected clipnorm of Adam to be a finite number, got 'x'"),
    ("optimizers.Adam(use_ema=3)", TypeError, "expected use_ema of Adam to be true or false, got 3"),
    ("optimizers.SGD(momentum=None)", TypeError, "expected momentum of SGD to be a finite number, got None"),
    ("callbacks.ReduceLROnPlateau(factor=2)", ValueError, "expected a factor from 0 to below 1"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "error", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_keras_has_and_this_does_not_is_refused(expression, error, message):
    with pytest.raises(error, match=message):
        eval(expression)


BAD_FITS = [
    ({"x": np.zeros((4, 2))}, "expected x of shape .n, 5., as the network's input layer says, got .4, 2."),
    ({"x": np.full((4, 5), "a")}, "expected numbers in x"),
    ({"y": np.array([0, 1, 7, 0])}, "expected class indices from 0 to 2, got 7 at index 2"),
    ({"y": np.array([0, 1])}, "expected as many targets as rows, got 2 targets and 4 rows"),
    ({"y": np.eye(3)[[0, 1, 2, 0]]}, "expected class indices of shape .n,. .*use categorical_crossentropy"),
    ({"y": None}, "expected targets y, got none"),
    ({"sample_weight": np.ones(3)}, "expected 4 finite numbers in sample_weight"),
    ({"validation_split": 1.0}, "expected validation_split from 0 to below 1"),
    ({"batch_size": 0}, "expected a batch_size of at least 1"),
    ({"steps_per_epoch": 3}, "expected steps_per_epoch with a generator"),
    ({"validation_freq": 2}, "expected validation_freq of fit"),
    ({"callbacks": [object()]}, "expected callbacks with the hooks"),
    ({"callbacks": [callbacks.EarlyStopping()]}, "to monitor one of accuracy, loss, got 'val_loss'; give validation_data"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BAD_FITS, ids=[next(iter(row[0])) for row in BAD_FITS])
def test_bad_fits_are_refused(changes, message):
    x, y = np.zeros((4, 5), np.float32), np.zeros(4, int)
    with pytest.raises((ValueError, TypeError), match=message):
        compiled().fit(**({"x": x, "y": y, "verbose": 0} | changes))


def test_a_model_must_be_compiled_and_built():
    model = keras.Sequential([layers.Dense(3)])
    with pytest.raises(ValueError, match="expected a compiled model"):
        model.fit(np.zeros((2, 2)), np.zeros(2), verbose=0)
    with pytest.raises(ValueError, match="expected the shape of a row and layers"):
        keras.Sequential().build()
