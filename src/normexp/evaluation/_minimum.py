"""The minimum of a function of one number between two bounds, by SciPy's method "bounded", without importing SciPy, which takes longer than a small fit.

Brent's method without derivatives (Brent 1973, chapter 5): a parabola through the three best points where it lies well inside, else a golden section.
"""

from collections.abc import Callable
from math import sqrt

__all__ = ["bounded_minimum"]

GOLDEN = 0.5 * (3.0 - sqrt(5.0))
ROUNDING = sqrt(2.2e-16)
MOST_CALLS = 500


def bounded_minimum(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Where the function is least from `low` to `high`, within the tolerance; the same bits as `scipy.optimize.minimize_scalar(method="bounded")`."""
    a, b = low, high
    best = second = third = a + GOLDEN * (b - a)
    at_best = at_second = at_third = function(best)
    step = before = 0.0
    for _ in range(MOST_CALLS - 1):
        middle, least = 0.5 * (a + b), ROUNDING * abs(best) + tolerance / 3.0
        if abs(best - middle) <= 2.0 * least - 0.5 * (b - a):
            break
        parabola = None
        if abs(before) > least:
            parabola = _parabolic((best, second, third), (at_best, at_second, at_third), (a, b), before)
            before = step
        if parabola is None:
            before = a - best if best >= middle else b - best
            step = GOLDEN * before
        else:
            step = parabola
            if best + step - a < 2.0 * least or b - (best + step) < 2.0 * least:
                step = least if middle >= best else -least
        x = best + (max(abs(step), least) if step >= 0 else -max(abs(step), least))
        at_x = function(x)
        if at_x <= at_best:
            a, b = (best, b) if x >= best else (a, best)
            best, second, third, at_best, at_second, at_third = x, best, second, at_x, at_best, at_second
            continue
        a, b = (x, b) if x < best else (a, x)
        if at_x <= at_second or second == best:
            second, third, at_second, at_third = x, second, at_x, at_second
        elif at_x <= at_third or third in (best, second):
            third, at_third = x, at_x
    return best


def _parabolic(points: tuple[float, float, float], values: tuple[float, float, float], bounds: tuple[float, float], before: float) -> float | None:
    """The step to the minimum of the parabola, if that lies between the bounds and is less than half of the step before the last."""
    best, second, third = points
    r = (best - second) * (values[0] - values[2])
    q = (best - third) * (values[0] - values[1])
    p = (best - third) * q - (best - second) * r
    q = 2.0 * (q - r)
    p, q = -p if q > 0.0 else p, abs(q)
    inside = q * (bounds[0] - best) < p < q * (bounds[1] - best)
    return p / q if abs(p) < abs(0.5 * q * before) and inside else None
