"""What DuckDB's types are to us, and SQL for their cells."""

__all__ = ["expression", "kind_of", "literal"]

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
WIDE_INTEGERS = ("HUGEINT", "UBIGINT", "UHUGEINT", "BIGNUM")
LEFT_OUT = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "INTERVAL", "GEOMETRY", "VARIANT")


def literal(value: str) -> str:
    """A string as SQL: for paths of our own making only."""
    return "'" + value.replace("'", "''") + "'"


def kind_of(sql_type: str) -> str:
    """What a DuckDB type is to us."""
    if sql_type in INTEGERS or sql_type in WIDE_INTEGERS:
        return "integer"
    if sql_type in ("FLOAT", "DOUBLE") or sql_type.startswith("DECIMAL"):
        return "number"
    if sql_type == "BOOLEAN":
        return "boolean"
    if sql_type == "DATE" or sql_type.startswith("TIMESTAMP"):
        return "date"
    if sql_type.startswith("ENUM"):
        return "category"
    if sql_type.endswith("]") or sql_type.startswith(LEFT_OUT):
        return sql_type.split("(")[0] if sql_type.startswith(LEFT_OUT[:3]) and not sql_type.endswith("]") else sql_type
    return "text"


def expression(i: int, kind: str, sql_type: str, labels: bool) -> str:
    """SQL for a column's cells as the core takes them: text, 64-bit numbers, booleans, microseconds."""
    column = f"c{int(i)}"
    if labels:
        if kind == "number" and sql_type == "DOUBLE":  # FLOAT as text: 0.1 is not 0.10000000149
            return f"{column}::DOUBLE"
        return column if kind == "boolean" else f"{column}::BIGINT" if sql_type in INTEGERS else f"{column}::VARCHAR"
    if kind in ("number", "integer"):
        return f"{column}::DOUBLE"
    if kind == "date":
        return f"CASE WHEN isfinite({column}) THEN epoch_us({column}{'::TIMESTAMP' if sql_type in ('TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'DATE') else ''}) END"
    return column if kind == "boolean" else _word_of(column, sql_type) if kind == "category" else f"{column}::VARCHAR"


def _word_of(column: str, sql_type: str) -> str:
    """SQL for a declared category of any type as the same word that it has in a frame: 3.0 is '3', true 'True', a midnight its date."""
    if sql_type in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN {column} % 1 = 0 AND abs({column}) < 9e18 THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
    if sql_type == "BOOLEAN":
        return f"CASE {column} WHEN true THEN 'True' WHEN false THEN 'False' END"
    if sql_type.startswith("TIMESTAMP"):
        return f"regexp_replace(regexp_replace({column}::VARCHAR, '[+]00$', ''), ' 00:00:00$', '')"
    return f"{column}::VARCHAR"
