"""What is said of a fit that did not end as planned."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from normexp._checks import users_line
from normexp.model import Model, TreeMember

__all__ = ["warn_of_forests", "warn_of_its_end"]


def warn_of_its_end(model: Model, learning_rate: str | float, time_limit: float | None) -> None:
    """A ConvergenceWarning at the user's line where training, or that of some kinds of members, diverged, was interrupted, or left out kinds of members for want of time."""
    stopped, left_out = model.history.stopped, () if model.out_of_fold is None else model.out_of_fold.left_out
    kept = "the best epoch so far is kept" if model.out_of_fold is None else "what is finished is combined" + (f", without {', '.join(left_out)}" if left_out else "")
    message = ""
    if stopped == "diverged":
        message = f"training diverged and was undone, the probabilities are those from before it; use a smaller learning_rate than {learning_rate}"
    elif stopped in ("epochs", "patience") and left_out:
        message = f"training of {', '.join(left_out)} diverged, and the model is made of the other kinds of members; use a smaller learning_rate than {learning_rate}"
    elif stopped == "interrupted":
        message = f"training was interrupted; {kept}"
    elif stopped == "time_limit" and left_out:
        message = f"the time limit of {time_limit:g} s ended training; {kept}"
    if message:
        warnings.warn(message, ConvergenceWarning, stacklevel=users_line())


def warn_of_forests(model: Model) -> None:
    """A UserWarning where some members cannot go on learning; without any that can, `recipe.step` refuses."""
    n_forests = sum(isinstance(member, TreeMember) for member in model.members)
    if 0 < n_forests < len(model.members):
        warnings.warn(
            f"expected networks to go on learning, got {n_forests} forests among {len(model.members)} members: these stay as they are; fit again, or with members='network'",
            UserWarning, stacklevel=users_line(),
        )  # fmt: skip
