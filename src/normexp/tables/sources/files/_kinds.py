"""What a file is, by its first bytes; what no table can be is refused with a word on what to do."""

import re
from pathlib import Path

from normexp.errors import DataError
from normexp.tables.sources.files._databases import is_database

__all__ = ["EXCEL", "EXCEL_ENDINGS", "kind_of_file"]

PACKED = {b"BZh": "bzip2 file; unpack it first: bunzip2", b"\xfd7zXZ": "xz file; unpack it first: unxz",
          b"\x28\xb5\x2f\xfd": "zstd file; unpack it first: unzstd", b"7z\xbc\xaf": "7-Zip file; unpack it first", b"\x89HDF": "HDF5 file; write its table as Parquet first",
          b"\xd0\xcf\x11\xe0": "old Excel workbook; save the sheet as CSV UTF-8",
          b"Obj\x01": "Avro file; write it as Parquet first", b"ORC": "ORC file; write it as Parquet first", b"%PDF": "PDF",
          b"\x80\x04\x95": "pickle, which is code; write the table as Parquet"}  # fmt: skip
EXCEL = "expected a table, got an Excel workbook ({0}); save its sheet as 'CSV UTF-8' (File, Save as), or from Python: normexp reads the frame of pandas.read_excel('{0}')"
EXCEL_ENDINGS = (".xlsx", ".xlsm", ".ods")


def kind_of_file(path: Path, start: bytes, label: str | None = None) -> str:
    """What a file is, by its first bytes."""
    label = label or str(path)
    is_binary = re.search(rb"[\x00-\x08\x0e-\x1f]", start) is not None  # a header may begin with PAR1 or ORCID
    if is_binary and start.startswith(b"PAR1"):
        return "parquet"
    if is_binary and start.startswith(b"ARROW1"):
        return "arrow"
    if is_database(start):
        return "database"
    if (start.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in start) or path.suffix.lower() in EXCEL_ENDINGS:
        raise DataError(EXCEL.format(label))
    for mark, what in PACKED.items():
        if start.startswith(mark) and (is_binary or mark == b"%PDF"):
            raise DataError(f"expected a table, got a{'n' if what[0] in 'oxAO' else ''} {what} ({label})")
    name = path.name.lower().removesuffix(".gz")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.endswith((".jsonl", ".ndjson", ".json")) or text.startswith((b'{"', b"{\n", b"{\r", b"{ ", b"{}")) or (text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"]")):
        return "json"
    return "text"
