"""Encodings, line ends and separators: what a file is, its bytes say, or an option."""

import codecs
import gzip

import pytest

from normexp import DataError
from normexp.tables import read
from one_table import TEXT, assert_right, put
from tabling import told

DRESSES = {
    "plain": TEXT.encode(), "BOM": codecs.BOM_UTF8 + TEXT.encode(), "UTF-16 LE": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "UTF-16 BE": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-32 LE": codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "UTF-32 BE": codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "Windows": TEXT.replace("\n", "\r\n").encode(),
    "old Mac": TEXT.replace("\n", "\r").encode(), "mixed": b"n,c\r\n1.5,u\n-2,v\r7,\xc3\xbc\r\n", "no last line end": TEXT.rstrip("\n").encode(),
    "blank lines in front": b"\n\r\n  \n" + TEXT.encode(),
    "a blank line at the end": TEXT.encode() + b"\n\n", "semicolons": TEXT.replace(",", ";").encode(), "tabs": TEXT.replace(",", "\t").encode(),
    "bars": TEXT.replace(",", "|").encode(),
    "sep=;": b"sep=;\n" + TEXT.replace(",", ";").encode(), '"sep=\t"': b'"sep=\t"\r\n' + TEXT.replace(",", "\t").replace("\n", "\r\n").encode(),
    "sep=, UTF-16": ("\ufeffsep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n")).encode("utf-16-le"),
    "quoted": '"n","c"\n"1.5","u"\n"-2","v"\n"7","\u00fc"\n'.encode(), "blanks around names": TEXT.replace("n,c", " n , c ").encode(), "gzip": gzip.compress(TEXT.encode()),
    "gzip of UTF-16": gzip.compress(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")), "gzip of old Mac": gzip.compress(TEXT.replace("\n", "\r").encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", DRESSES)
def test_any_dress(name, tmp_path):
    """Under three names: what a file is, its bytes say."""
    for ending in ("csv", "txt", "gz"):
        assert_right(told(put(tmp_path, DRESSES[name], f"t.{ending}")))


def test_an_encoding_is_named(tmp_path):
    path = put(tmp_path, TEXT.encode("cp1252"))
    with pytest.raises(DataError, match=r"expected a UTF-8 file, got other bytes \(.*t.csv, byte 18\); name its encoding, for example --encoding cp1252 \(encoding='cp1252'\)"):
        read(path)
    for encoding in ("cp1252", "latin-1", "CP1252"):
        assert_right(told(path, encoding=encoding))
    with pytest.raises(DataError, match=r"expected a UTF-8 file, got other bytes \(.*t.csv"):
        read(put(tmp_path, TEXT.replace("\n", "\r").encode("cp1252")))
    with pytest.raises(DataError, match=r"expected a file in ascii|expected a UTF-8 file"):
        read(path, encoding="ascii")
    for wrong in ("klingon", "hex", "idna"):
        with pytest.raises(ValueError, match=f"expected (a text encoding that Python knows|an encoding of text files), .*got '{wrong}'"):
            read(path, encoding=wrong)
