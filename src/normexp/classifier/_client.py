"""An estimator whose fit runs on the workers of a client, which can be neither copied nor pickled."""

import copy
from typing import Any, Self

from sklearn.base import clone

__all__ = ["OnClient"]

KEPT = ("_metadata_request", "_sklearn_output_config")  # of what has been asked of an estimator, beside its parameters


class OnClient:
    """Clones share the client; a pickled estimator comes back without it."""

    client: Any

    def __sklearn_clone__(self) -> Self:
        parameters = {name: value if name == "client" else clone(value, safe=False) for name, value in self.get_params(deep=False).items()}  # type: ignore[attr-defined]
        found = type(self)(**parameters)
        for name in KEPT:
            if hasattr(self, name):
                setattr(found, name, copy.deepcopy(getattr(self, name)))
        return found

    def __getstate__(self) -> Any:
        state: Any = super().__getstate__()
        return {**state, "client": None} if isinstance(state, dict) and "client" in state else state
