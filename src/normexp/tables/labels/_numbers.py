"""A label as the number that it is."""

import re
from typing import Any

__all__ = ["INTEGER", "number_of"]

INTEGER = re.compile(r"-?(0|[1-9]\d{0,18})")


def number_of(value: Any) -> int | float | None:
    if not isinstance(value, str):
        return int(value) if isinstance(value, (bool, int)) else float(value)
    try:
        return int(value) if INTEGER.fullmatch(value) else float(value) if "_" not in value else None
    except ValueError:
        return None
