"""Experiments: many members tried on the same folds, the best of them combined; a study that can be gone on with, a board to look at."""

from typing import TYPE_CHECKING, Any

from normexp._optional import needed

needed("optuna", "experiments", "tune")

from normexp.experiments._board import Board as Board  # noqa: E402
from normexp.experiments._board import board_of as board_of  # noqa: E402
from normexp.experiments._board import columns_of as columns_of  # noqa: E402
from normexp.experiments._board import settings_in_words as settings_in_words  # noqa: E402
from normexp.experiments._file import show as show  # noqa: E402
from normexp.experiments._judge import METRICS as METRICS  # noqa: E402
from normexp.experiments._judge import WORDS as WORDS  # noqa: E402
from normexp.experiments._records import Trial as Trial  # noqa: E402
from normexp.experiments._session import Ending as Ending  # noqa: E402
from normexp.experiments._session import Problem as Problem  # noqa: E402
from normexp.experiments._session import Session as Session  # noqa: E402
from normexp.experiments._space import SPACES as SPACES  # noqa: E402

if TYPE_CHECKING:
    from normexp.experiments._experiments import Experiments as Experiments
    from normexp.experiments._experiments import tune as tune

__all__ = ["Board", "Ending", "Experiments", "METRICS", "Problem", "SPACES", "Session", "Trial", "WORDS", "board_of", "columns_of", "settings_in_words", "show", "tune"]


def __getattr__(name: str) -> Any:  # scikit-learn, which the command line does without
    if name in ("Experiments", "tune"):
        from normexp.experiments import _experiments

        return getattr(_experiments, name)
    raise AttributeError(f"module 'normexp.experiments' has no attribute {name!r}")
