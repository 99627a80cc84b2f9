"""From the name of a table to its rows: paths, globs, standard input, pipes, databases, examples. What a file is, its first bytes say."""

import errno
import gzip
import json
import os
import re
import shutil
import stat
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from glob import glob
from pathlib import Path
from typing import IO

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables import _databases, _json
from normexp.tables._database import Database, literal
from normexp.tables._delimited import HEAD, MOST_HEAD, PLAIN, Delimited, clean_copy, delimited, is_gzipped, needs_copy
from normexp.tables._examples import EXAMPLES, example
from normexp.tables._frames import Frame
from normexp.tables._options import Options

__all__ = ["open_named"]

MOST_STREAMED = 8 << 30  # bytes of a pipe or of what an archive unpacks to, so that an endless one ends
CHUNK = 1 << 20
MOST_METADATA = 1 << 24
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # of durations, in a second
PACKED = {b"BZh": "bzip2 file; unpack it first: bunzip2", b"\xfd7zXZ": "xz file; unpack it first: unxz",
          b"\x28\xb5\x2f\xfd": "zstd file; unpack it first: unzstd", b"7z\xbc\xaf": "7-Zip file; unpack it first", b"\x89HDF": "HDF5 file; write its table as Parquet first",
          b"\xd0\xcf\x11\xe0": "old Excel workbook; save the sheet as CSV UTF-8",
          b"Obj\x01": "Avro file; write it as Parquet first", b"ORC": "ORC file; write it as Parquet first", b"%PDF": "PDF",
          b"\x80\x04\x95": "pickle, which is code; write the table as Parquet"}  # fmt: skip
EXCEL = "expected a table, got an Excel workbook ({0}); save its sheet as 'CSV UTF-8' (File, Save as), or from Python: normexp reads the frame of pandas.read_excel('{0}')"


def open_named(name: str, options: Options) -> Database | Frame:
    """The rows of a table by its name."""
    if name.startswith("example:"):
        return Frame(example(name.removeprefix("example:")), name)
    if name == "-":
        return _streamed(sys.stdin.buffer, "standard input", options)
    if "\0" in name:
        raise DataError("expected the name of a table, got one with a zero byte")
    if "::" in name and not os.path.lexists(name) and not glob(name, recursive=True):
        path, _, table = name.partition("::")
        return _databases.open_table(path, table, options.encoding)
    paths = _paths(name)
    if len(paths) == 1 and not stat.S_ISREG(mode := paths[0].stat().st_mode):
        if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not _is_terminal(paths[0])):
            raise DataError(f"expected a file or a pipe, got a device ({name})")
        with paths[0].open("rb") as file:
            return _streamed(file, name, options)
    return _from_files(paths, name, options)


def _is_terminal(path: Path) -> bool:
    with path.open("rb", buffering=0) as file:
        return file.isatty()


def _paths(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        raise DataError(f"expected a file, got the folder '{name}'; name the files, for example '{name.rstrip('/')}/*.csv'")
    try:
        paths = [path] if path.exists() else sorted(Path(found) for found in glob(name, recursive=True))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        paths = []
    if not paths:
        near = did_you_mean(path.name, os.listdir(path.parent)) if path.parent.is_dir() else ""
        raise DataError(f"expected a table, got '{name}', which does not exist{near}; give a path, a glob, FILE.duckdb::TABLE, - or example:{'|'.join(EXAMPLES)}")
    folder = next((found for found in paths if found.is_dir()), None)
    if folder is not None:
        raise DataError(f"expected files, got the folder '{folder}' ({name}); name the files, for example '{folder}/*.csv'")
    if len(paths) > 1 and (odd := next((found for found in paths if not found.is_file()), None)):
        raise DataError(f"expected files, got '{odd}', which is none ({name})")
    return paths


def _streamed(stream: IO[bytes], label: str, options: Options) -> Database | Frame:
    """A pipe's rows, by way of a copy in our own folder."""
    database = Database(label)
    try:
        copy = Path(database.folder.path, "stream")
        _copied(stream, copy, label)
        return _load(database, [copy], label, options)
    except BaseException:
        database.close()
        raise


def _copied(stream: IO[bytes], copy: Path, label: str) -> None:
    """Into a file of ours, up to a limit."""
    most = min(MOST_STREAMED, shutil.disk_usage(copy.parent).free // 2)
    n = 0
    with copy.open("wb") as file:
        while chunk := stream.read1(CHUNK) if hasattr(stream, "read1") else stream.read(CHUNK):
            n += len(chunk)
            if n > most:
                raise DataError(f"expected a stream of at most {most >> 20} MiB, got more ({label}); write it to a file first")
            file.write(chunk)
    if n == 0:
        raise DataError(f"expected a table with a header row, got an empty file ({label})")


def _from_files(paths: list[Path], label: str, options: Options) -> Database | Frame:
    start = _start(paths[0], 512)
    kind = _kind(paths[0], start)
    if kind == "database":
        raise _databases.without_table(paths[0], start)
    if kind == "arrow":
        return _arrow(paths, label, options)
    database = Database(label, paths)
    return _load(database, paths, label, options)


def _load(database: Database, paths: list[Path], label: str, options: Options) -> Database:
    """Rows of files of one kind, one file after the other, each under its own name."""
    try:
        named = [label if len(paths) == 1 else str(path) for path in paths]
        paths = [_unpacked(database, path, i, name) for i, (path, name) in enumerate(zip(paths, named, strict=True))]
        kind = _kind(paths[0], _start(paths[0], 512, named[0]), named[0])
        if kind == "database":
            raise DataError(f"expected a text table or Parquet, got a database ({label}); save it to a file and name a table: FILE::TABLE")
        if kind == "arrow":
            raise DataError(f"expected a text table or Parquet, got an Arrow file ({label}); save it to a file first")
        if kind == "json":
            paths = [_clean_json(database, path, i, name, options) for i, (path, name) in enumerate(zip(paths, named, strict=True))]
        loader: Callable[[Database, Path, str, int, Options], list[str]] = {"parquet": _load_parquet, "json": _json.load, "text": _load_text}[kind]
        names: list[str] = []
        for i, (path, name) in enumerate(zip(paths, named, strict=True)):
            first = database.fetch("SELECT count(*) FROM raw")[0][0] if i else 0
            found = loader(database, path, name, i, options)
            if i and found != names:
                came = "another order" if sorted(found) == sorted(names) else listing(found)
                raise DataError(f"expected the columns of {named[0]} in every file, got {came} ({name}); write all files with the same columns")
            names = found
            database.parts.append((first, name))
            if path.parent == Path(database.folder.path):
                path.unlink()  # a copy, which has been read
        database.described(names)
        return database
    except BaseException:
        database.close()
        raise


def _start(path: Path, size: int, label: str | None = None) -> bytes:
    with _opened(path) as file:
        try:
            return file.read(size)
        except (OSError, EOFError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise DataError(f"expected a gzipped table, got a damaged file ({label or path}): {error}; pack it again") from error


def _opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzipped."""
    return gzip.open(path) if is_gzipped(path) else path.open("rb")  # type: ignore[return-value]


def _kind(path: Path, start: bytes, label: str | None = None) -> str:
    """What a file is, by its first bytes."""
    label = label or str(path)
    is_binary = re.search(rb"[\x00-\x08\x0e-\x1f]", start) is not None  # a header may begin with PAR1 or ORCID
    if is_binary and start.startswith(b"PAR1"):
        return "parquet"
    if is_binary and start.startswith(b"ARROW1"):
        return "arrow"
    if _databases.is_database(start):
        return "database"
    if (start.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in start) or path.suffix.lower() in (".xlsx", ".xlsm", ".ods"):
        raise DataError(EXCEL.format(label))
    for mark, what in PACKED.items():
        if start.startswith(mark) and (is_binary or mark == b"%PDF"):
            raise DataError(f"expected a table, got a{'n' if what[0] in 'oxAO' else ''} {what} ({label})")
    name = path.name.lower().removesuffix(".gz")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.endswith((".jsonl", ".ndjson", ".json")) or text.startswith((b'{"', b"{\n", b"{\r", b"{ ", b"{}")) or (text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"]")):
        return "json"
    return "text"


def _unpacked(database: Database, path: Path, i: int, label: str) -> Path:
    """The one file of a zip archive, in our own folder; other files as they are."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x05\x06":
        raise DataError(f"expected a zip archive with one table, got an empty one ({label})")
    if start[:2] == b"\x1f\x8b" and _kind(path, _start(path, 512, label), label) == "parquet":
        copy = Path(database.folder.path, f"unpacked{i}.parquet")
        with _opened(path) as source:
            _copied(source, copy, label)
        return copy
    if start != b"PK\x03\x04" or path.suffix.lower() in (".xlsx", ".xlsm", ".ods"):
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not (entry.is_dir() or entry.filename.startswith("__MACOSX/") or Path(entry.filename).name.startswith("."))]
            if "[Content_Types].xml" in names:
                raise DataError(EXCEL.format(label))
            if len(names) != 1:
                raise DataError(f"expected one file in the archive, got {len(names)}: {listing(names, 4)} ({label}); unpack it first")
            copy = Path(database.folder.path, f"unpacked{i}" + Path(names[0]).suffix.replace("/", ""))
            with archive.open(names[0]) as source:
                _copied(source, copy, f"{label}, {names[0]}")
            return copy
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise DataError(f"expected a zip archive with one table, got one that does not unpack ({label}): {error}") from error


def _load_parquet(database: Database, path: Path, label: str, i: int, _options: Options) -> list[str]:
    own = database.own_path(path, i)
    names, left = [], 0
    for name, n_children in database.fetch(f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({own})")[1:]:
        if left == 0:
            names.append(str(name))
        left += n_children - (left > 0)
    columns = ", ".join(f"c{k}" for k in range(len(names)))
    if len(set(names)) < len(names):
        raise DataError(f"expected distinct column names, got {listing([name for name, n in Counter(names).items() if n > 1])} ({label}); rename one of each")
    declared, durations = _declared_by_pandas(database, own, names)
    database.declared |= declared
    selected = ", ".join(f"c{k}::DOUBLE / {durations[k]} AS c{k}" if k in durations else f"c{k}" for k in range(len(names)))
    database.insert(f"SELECT {selected} FROM read_parquet({own}, hive_partitioning = false) AS source({columns})", len(names), i)
    return names


def _clean_json(database: Database, path: Path, i: int, label: str, options: Options) -> Path:
    """As UTF-8 without a mark in front."""
    start = _start(path, HEAD)
    encoding = PLAIN if start.startswith(b"\xef\xbb\xbf") else needs_copy(start, options.encoding)
    return path if encoding is None or (encoding == PLAIN and not start.startswith(b"\xef\xbb\xbf")) else _cleaned(database, path, encoding, label, i)


def _declared_by_pandas(database: Database, own: str, names: list[str]) -> tuple[set[int], dict[int, int]]:
    """What the file's metadata say of a frame of pandas: columns that were categorical, and durations with their units a second."""
    for (text,) in database.fetch(f"SELECT value FROM parquet_kv_metadata({own}) WHERE key = 'pandas'::BLOB AND octet_length(value) < {MOST_METADATA}"):
        try:
            columns = {column["name"]: (column["pandas_type"], str(column["numpy_type"])) for column in json.loads(text)["columns"] if isinstance(column["name"], str)}
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        known = {i: columns[name] for i, name in enumerate(names) if name in columns}
        units = {i: UNITS.get(numpy_type.removeprefix("timedelta64[").removesuffix("]")) for i, (_, numpy_type) in known.items() if numpy_type.startswith("timedelta64[")}
        return {i for i, (kind, _) in known.items() if kind == "categorical"}, {i: unit for i, unit in units.items() if unit}
    return set(), {}


def _load_text(database: Database, path: Path, label: str, i: int, options: Options) -> list[str]:
    """A delimited text file; written anew first where its dress needs it, or where DuckDB stumbles over its line ends."""
    start = _start(path, HEAD)
    encoding = needs_copy(start, options.encoding)
    if encoding in (None, PLAIN) and b"\0" in start:
        raise DataError(f"expected a text table (CSV or TSV), got a binary file ({label}); Parquet, DuckDB, SQLite, JSON lines and gzip are known by their first bytes")
    if encoding is not None:
        path = _cleaned(database, path, encoding, label, i)
    try:
        names = _load_clean(database, path, label, i, options)
    except DataError:
        if encoding is not None or not _has_carriage_returns(path):
            raise
        path = _cleaned(database, path, PLAIN, label, i)
        names = _load_clean(database, path, label, i, options)
    if path.parent == database.folder.path and path.name.startswith("clean"):
        path.unlink()
    return names


def _cleaned(database: Database, path: Path, encoding: str, label: str, i: int) -> Path:
    suffix = ".tsv" if _has_tabs(path) else ""
    with _opened(path) as source:
        return clean_copy(source, Path(database.folder.path, f"clean{i}{suffix}"), encoding, label)


def _has_tabs(path: Path) -> bool:
    """By its name, and by its first line, since some are commas all the same."""
    return b"\t" in _start(path, HEAD).split(b"\n", 1)[0] and path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab"))


def _has_carriage_returns(path: Path) -> bool:
    with _opened(path) as file:
        while chunk := file.read(CHUNK):
            if b"\r" in chunk:
                return True
    return False


def _load_clean(database: Database, path: Path, label: str, i: int, options: Options) -> list[str]:
    head = _head(path, label, options)
    database.hint = head.looks_headless
    names = list(head.names)
    typed = ", ".join(f"'c{k}': 'VARCHAR'" for k in range(len(names)))
    packed = "gzip" if is_gzipped(path) else "none"
    line_end = {"": "", "\n": ", new_line = '\\n'", "\r\n": ", new_line = '\\r\\n'"}[head.line_end]
    query = (
        f"SELECT * FROM read_csv({database.own_path(path, i)}, auto_detect = false, header = false, skip = {head.skip}, delim = {literal(head.separator)}, "
        f"quote = '\"', escape = '\"', hive_partitioning = false, compression = '{packed}', columns = {{{typed}}}{line_end})"
    )
    if i and len(database.fetch("DESCRIBE raw")) != len(names):
        return names
    database.insert(query, len(names), i)
    return names


def _head(path: Path, label: str, options: Options) -> Delimited:
    """The header, read as far as it goes."""
    size = HEAD
    while True:
        start = _start(path, size)
        whole = len(start) < size
        if whole or b"\n" in start[: size // 2] or size >= MOST_HEAD:
            return delimited(start, whole, label, _has_tabs(path), options.header)
        size *= 4


def _arrow(paths: list[Path], label: str, options: Options) -> Database:
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
        return _load(database, [copy], label, options)
    except DataError:
        raise
    except (ArrowException, ValueError) as error:
        database.close()
        raise DataError(f"expected an Arrow file with columns that Parquet has too, got another one ({label}): {str(error).splitlines()[0]}") from error
    except BaseException:
        database.close()
        raise


