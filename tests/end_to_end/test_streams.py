"""Standard streams that are closed, full, of another encoding, or end in a terminal that obeys escapes."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from commands import NORMEXP, assert_refused, run, table

FULL = "/dev/full"
FULL_HERE = pytest.mark.skipif(not Path(FULL).exists(), reason=f"{FULL} is Linux's")
EVIL = "\x1b[31mred\x1b[0m\x07\u202eé中\x9b2J"  # colour, bell, direction, a C1 control
SAFE = r"\x1b[31mred\x1b[0m\x07\u202eé中\x9b2J"


def shell(script, cwd, **environment):
    return subprocess.run(["bash", "-c", script.replace("normexp", f"'{NORMEXP}'", 1)], cwd=cwd, capture_output=True, timeout=120, env={**os.environ, **environment})


@pytest.mark.parametrize("command", ["explain 1 2", "explain 1 2 --json", "predict colours.safetensors colours.csv", "--version"])
def test_a_closed_standard_output_is_code_1(trained, command):
    ended = shell(f"normexp {command} >&-", trained)
    assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1)
    assert b"expected open standard input and output, got a closed one" in ended.stderr


def test_closed_streams_that_are_not_needed_do_not_matter(trained, tmp_path):
    ended = shell(f"normexp predict colours.safetensors colours.csv -o {tmp_path}/p.csv >&- 2>&- <&-", trained)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert (tmp_path / "p.csv").read_text().count("\n") == 121
    assert shell("normexp info none 2>&-", trained).returncode == 4
    assert shell("normexp trian 2>&-", trained).returncode == 2
    assert shell("normexp explain 1 2 2>&-", trained).returncode == 0


def test_a_closed_standard_input_is_said(trained):
    ended = shell("normexp predict colours.safetensors - <&-", trained)
    assert ended.returncode == 1
    assert b"expected open standard input and output, got a closed one" in ended.stderr


@FULL_HERE
@pytest.mark.parametrize("command", ["explain 1 2", "explain 1 2 --json", "predict colours.safetensors colours.csv", "--help"])
def test_a_full_standard_output_is_code_1(trained, command):
    ended = shell(f"normexp {command} >{FULL}", trained)
    assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1), ended.stderr
    assert b"got a full disk (No space left on device); make room, or write somewhere else" in ended.stderr


@FULL_HERE
def test_messages_that_cannot_be_written_do_not_matter(trained):
    assert shell(f"normexp explain 1 2 2>{FULL}", trained).returncode == 0
    assert shell(f"normexp trian 2>{FULL}", trained).returncode == 2
    assert shell(f"normexp info none 2>{FULL}", trained).returncode == 4


def test_a_reader_who_has_had_enough_ends_it_quietly(trained):
    for command in ("explain 1 2 --json", "--help"):
        ended = shell(f"normexp {command} | true; exit ${{PIPESTATUS[0]}}", trained)
        assert (ended.returncode, ended.stderr) == (0, b""), command


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A model whose target, column and classes have names that a terminal would obey, and its table."""
    folder = tmp_path_factory.mktemp("foreign")
    table(folder / "t.csv", f"size,colour {EVIL},y {EVIL}", [[(i * 7 % 50) + 100 * (i % 3), ("red", "grün", EVIL)[i % 3], ("é中", "b", EVIL)[i % 3]] for i in range(60)])
    ended = run("train", "t.csv", "--target", f"y {EVIL}", "-o", "m.safetensors", "--epochs", 2, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder


ENCODINGS = {
    "C": {"LC_ALL": "C"}, "C without coercion": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"}, "latin-1": {"PYTHONIOENCODING": "latin-1"}, "utf-8": {"PYTHONIOENCODING": "utf-8"},
}  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_name_can_be_printed_and_none_is_obeyed(foreign, encoding):
    more = ("evaluate m.safetensors t.csv", "explain m.safetensors t.csv", f"explain 1 2 --labels 'é中,{EVIL}'", f"info 'none {EVIL}'")
    for command in ("info m.safetensors", *(more if encoding in ("ascii", "utf-8") else ())):
        ended = shell(f"normexp {command}", foreign, **ENCODINGS[encoding])
        assert ended.returncode == (4 if "none" in command else 0), ended.stderr
        for stream in (ended.stdout, ended.stderr):
            assert not any(byte in stream for byte in (b"\x1b", b"\x07", "\u202e".encode(), b"\xc2\x9b")), command
        if "utf-8" in encoding and "info" in command:
            assert SAFE in (ended.stdout + ended.stderr).decode()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_json_whatever_the_encoding(foreign, encoding):
    ended = shell("normexp info m.safetensors --json", foreign, **ENCODINGS[encoding])
    text = ended.stdout.decode(ENCODINGS[encoding].get("PYTHONIOENCODING", "utf-8"))
    assert json.loads(text)["classes"] == sorted(["b", EVIL, "é中"])
    assert not any(character in text for character in "\x1b\x07\u202e\x9b")


def test_csv_on_standard_output_is_data(foreign):
    ended = shell("normexp predict m.safetensors t.csv", foreign, PYTHONIOENCODING="ascii")
    assert ended.returncode == 0
    assert EVIL.encode() in ended.stdout


def test_what_was_typed_is_shown_not_sent(tmp_path):
    for arguments, code in (([EVIL], 2), (["train", EVIL, "--target", "y"], 3), (["train", "t.csv", "--target", "y", "--hidden", f"{EVIL}\nnormexp: error: forged"], 2)):
        ended = run(*arguments, cwd=tmp_path)
        assert ended.returncode == code
        assert SAFE in ended.stderr
        assert not any(character in ended.stderr for character in "\x1b\x07\u202e\x9b")
        assert "\nnormexp: error: forged" not in ended.stderr


@FULL_HERE
def test_a_device_is_not_replaced(trained):
    assert_refused(run("predict", "colours.safetensors", "colours.csv", "-o", f"{FULL}", cwd=trained), 2, "expected an output that ends in .csv or .parquet")
    assert_refused(run("report", "colours.safetensors", "colours.csv", "-o", FULL, cwd=trained), 1, f"expected a file to write the report to, got '{FULL}'")
