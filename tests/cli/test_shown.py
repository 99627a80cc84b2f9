"""What would move a cursor or turn text round is shown, not sent."""

import json

import pytest

from normexp.cli._shown import shown, shown_json, shown_lines


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain é中 \U0001f600 a\u200db", "plain é中 \U0001f600 a\u200db"), ("\x1b[2J", r"\x1b[2J"), ("a\nb\tc\rd", r"a\nb\tc\rd"), ("\0\x7f\x85\x9b", r"\x00\x7f\x85\x9b"),
        ("\u202eabc\u2066\u200f\u061c", r"\u202eabc\u2066\u200f\u061c"), ("\u2028\u2029", r"\u2028\u2029"), ("\udcff", r"\udcff"), (7, "7"), ("", ""),
    ],
)  # fmt: skip
def test_unsafe_characters_are_escaped(text, safe):
    assert shown(text) == safe


def test_lines_of_our_own_stay():
    assert shown_lines("a\x1b\nb\r\n") == "a\\x1b\nb\\r\n"


def test_json_reads_back():
    data = {"a\x9b\u202e": ["\x1b\n\x7f\u2028\udcff", "é中"]}
    text = shown_json(json.dumps(data, ensure_ascii=False))
    assert json.loads(text) == data
    assert shown(text) == text
