"""A small problem that a search can be made on in a second."""

import numpy as np

from normexp.experiments import Problem, Session
from normexp.model import number_columns

SMALL = "[network]\nunits = {from = 4, to = 16}\nlayers = [1]\nepochs = [4]\nactivation = ['relu', 'gelu', 'silu', 'tanh']\nbins = [false, true]\ncolumns = {from = 0.5, to = 1.0}\n[trees]\nmax_depth = [2, 3]\nmax_iter = [20]\n[linear]\nepochs = [5]\nbalanced = [true, false]\n"  # noqa: E501


def rows(n=90, seed=0):
    """Numbers, and three classes of them."""
    x = np.random.default_rng(seed).standard_normal((n, 4))
    return x, np.argmax(x[:, :3] + 0.5 * np.random.default_rng(seed + 1).standard_normal((n, 3)), axis=1).astype(np.int32)


def problem(n=90, seed=0, **options):
    x, y = rows(n, seed)
    return Problem(x, number_columns(4), y, np.arange(3), np.arange(n), **options)


def session(folder, *, of=None, **options):
    space = folder / "space.toml"
    space.write_text(SMALL)
    return Session(problem() if of is None else of, **{"space": space, "n_folds": 3, "jobs": 1, "n_threads": 1, "seed": 5} | options)


def facts(found):
    """What two searches must have in common, trial by trial."""
    return [(trial.number, trial.how, trial.state, trial.losses, None if np.isnan(trial.value) else trial.value) for trial in found.study.trials()]
