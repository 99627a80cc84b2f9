"""Arrow and Feather files, by way of Parquet."""

from pathlib import Path

from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables.sources._database import Database
from normexp.tables.sources.files._loading import load
from normexp.tables.sources.files._parquet import UNITS

__all__ = ["load_arrow"]


def load_arrow(paths: list[Path], label: str, options: Options) -> Database:
    """By way of a Parquet file in our own folder, so that both read alike; dictionaries are declared categories."""
    try:
        from pyarrow import compute, concat_tables, feather, parquet, types
        from pyarrow.lib import ArrowException
    except ImportError:
        raise DataError(f"expected pyarrow for an Arrow or Feather file, got none installed ({label}); pip install pyarrow, or write the table as Parquet") from None
    try:
        table = concat_tables([feather.read_table(path, memory_map=False) for path in paths])
        database = Database(label)
    except (ArrowException, OSError, ValueError) as error:
        raise DataError(f"expected an Arrow file that reads, got one that does not ({label}): {str(error).splitlines()[0]}") from error
    try:
        copy = Path(database.folder.path, "arrow.parquet")
        for i, field in enumerate(table.schema):
            if types.is_duration(field.type):  # in seconds, as in frames
                table = table.set_column(i, field.name, compute.divide(table[i].cast("int64").cast("float64"), float(UNITS[field.type.unit])))
        parquet.write_table(table.replace_schema_metadata(None), copy)
        database.declared |= {i for i, field in enumerate(table.schema) if types.is_dictionary(field.type)}
        del table
        return load(database, [copy], label, options)
    except DataError:
        raise
    except (ArrowException, ValueError) as error:
        database.close()
        raise DataError(f"expected an Arrow file with columns that Parquet has too, got another one ({label}): {str(error).splitlines()[0]}") from error
    except BaseException:
        database.close()
        raise
