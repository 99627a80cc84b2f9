"""The softmax family of one row in 60-digit arithmetic."""

import mpmath
import numpy as np

mpmath.mp.dps = 60


def logsumexp(row):
    return mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(float(x))) for x in row))


def log_softmax(row):
    total = logsumexp(row)
    return [mpmath.mpf(float(x)) - total for x in row]


def softmax(row):
    return [mpmath.exp(x) for x in log_softmax(row)]


def ulp_error(got, exact, dtype):
    """Error in units in the last place of the exact value rounded to dtype."""
    spacing = float(np.spacing(np.abs(np.asarray(float(exact), dtype))))
    return abs(float((mpmath.mpf(float(got)) - exact) / mpmath.mpf(spacing)))
