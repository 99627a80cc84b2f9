"""The largest errors that are allowed, in units in the last place, by function and dtype."""

import numpy as np

MAX_ULP = {
    ("exponential", np.float32): 1.0, ("exponential", np.float64): 1.0,
    ("softmax", np.float32): 2.0, ("softmax", np.float64): 3.0,
    ("log_softmax", np.float32): 2.0, ("log_softmax", np.float64): 2.0,
    ("logsumexp", np.float32): 2.0, ("logsumexp", np.float64): 2.0,
    ("sigmoid", np.float32): 2.5, ("sigmoid", np.float64): 2.5,
    ("log_sigmoid", np.float32): 2.0, ("log_sigmoid", np.float64): 2.0,
    ("softplus", np.float32): 2.0, ("softplus", np.float64): 2.0,
    ("logit", np.float32): 3.0, ("logit", np.float64): 3.0,
}  # fmt: skip
