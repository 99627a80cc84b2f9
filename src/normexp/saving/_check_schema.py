"""The schema in a model file: what a table's columns are and how their cells are written."""

from typing import Any

from normexp.saving._container import Refused
from normexp.saving._values import boolean, check_keys, distinct_texts, list_of, number, one_of, shown, text
from normexp.tables import DATE_ORDERS, DECIMAL_MARKS, MAX_CATEGORIES, THOUSANDS_MARKS

__all__ = ["check_schema"]

KINDS = ("number", "category", "boolean", "date")
MAX_AFFIX = 64  # characters of a currency or unit
FIRST_FIELDS = ("name", "kind", "centre", "categories", "has_other")  # of format 1
LATER_FIELDS = ("decimal", "thousands", "prefix", "suffix", "date_order", "missing")


def check_schema(schema: Any, n_features: int, feature_names: list[str] | None) -> None:
    """Columns of known kinds, each name once and among the features; raises Refused."""
    check_keys(schema, "the schema", needed=["columns", "target", "missing"], optional=["missing_among_numbers"])
    for column in list_of(schema["columns"], "the schema's columns", 1, n_features):
        check_keys(column, "a column", needed=FIRST_FIELDS, optional=LATER_FIELDS)
        _check_column(column, f"column {shown(text(column['name'], 'the name of a column'))}")
    names = distinct_texts([column["name"] for column in schema["columns"]], "the columns' names")
    if feature_names is not None and not set(names) <= set(feature_names):
        raise Refused("expected columns among the feature_names, got another")
    if schema["target"] is not None and text(schema["target"], "the target") in names:
        raise Refused(f"expected a target that is not a column, got {shown(schema['target'])}")
    for words in ("missing", "missing_among_numbers"):
        if words in schema:
            distinct_texts(schema[words], f"the schema's {words}")


def _check_column(column: dict[str, Any], name: str) -> None:
    kind = one_of(column["kind"], f"the kind of {name}", KINDS)
    number(column["centre"], f"the centre of {name}")
    has_other = boolean(column["has_other"], f"has_other of {name}")
    words = distinct_texts(column["categories"], f"the categories of {name}", 0, MAX_CATEGORIES)
    if words != sorted(words):
        raise Refused(f"expected sorted categories of {name}, got others")
    if kind != "category" and (words or has_other):
        raise Refused(f"expected categories in columns of them only, got some in {name} of kind {kind}")
    decimal = one_of(column.get("decimal", "."), f"the decimal mark of {name}", DECIMAL_MARKS)
    if one_of(column.get("thousands", ""), f"the thousands mark of {name}", THOUSANDS_MARKS) == decimal:
        raise Refused(f"expected two marks for decimals and thousands of {name}, got {decimal!r} for both")
    one_of(column.get("date_order", "ymd"), f"the date_order of {name}", DATE_ORDERS)
    for affix in ("prefix", "suffix"):
        text(column.get(affix, ""), f"the {affix} of {name}", MAX_AFFIX)
    distinct_texts(column.get("missing", []), f"the missing words of {name}")
