"""JSON in lines and arrays is read as its rows."""

import gzip
import json

import numpy as np
import pytest

from normexp import DataError
from normexp.tables import read
from one_table import RIGHT, put
from tabling import kinds, told, write


def test_json(tmp_path):
    rows = [{"n": 1.5, "c": "u"}, {"c": "v", "n": -2}, {"n": 7, "c": "\u00fc", "later": None}]
    forms = {"lines": "\n".join(map(json.dumps, rows)), "array": json.dumps(rows), "indented": json.dumps(rows, indent=2, ensure_ascii=False), "blanks": "\n\n" + json.dumps(rows)}
    for name, text in forms.items():
        for content, ending in ((text.encode(), "json"), (text.encode(), "txt"), (gzip.compress(text.encode()), "json.gz")):
            table = told(put(tmp_path, content, f"{name}.{ending}"), "column 'later' is empty")
            np.testing.assert_array_equal(table.matrix[:, :2], RIGHT)


def test_json_values_keep_their_kind_and_nested_ones_are_left_out(tmp_path):
    rows = [{"b": True, "d": "2020-01-02", "o": {"k": 1}, "l": [1], "a.b": 1, "a/b~c": 3, "n": 1e3}, {"b": False, "d": None, "o": None, "l": None, "a.b": 2, "a/b~c": 4, "n": 2}]
    table = told(write(tmp_path, json.dumps(rows), "t.json"), "column 'o' is left out: it holds objects or lists", "column 'l' is left out: it holds objects or lists")
    assert kinds(table) == {"b": "boolean", "d": "date", "a.b": "number", "a/b~c": "number", "n": "number"}
    np.testing.assert_array_equal(table.matrix[:, [0, 6, 7, 8]], [[1, 1, 3, 1000], [0, 2, 4, 2]])


@pytest.mark.parametrize(("text", "message"),
    [('{"a": 1}\n[2]\n', r"expected JSON objects, got an array \(.*t.json, row 2\)"), ("[1, 2]", "expected JSON objects, got an? "),
    ('{"a": 1', "expected a readable table|expected JSON"), ("[{}]", "expected JSON objects with keys, got none")])
def test_json_that_is_refused(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, text, "t.json"))
