"""The machine never decides: no zone, locale, folder, settings, processors or network of it changes a table."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import duckdb
import pandas as pd
import pytest

from tabling import CASES

SCRIPT = """
import hashlib, json, socket, sys
def refuse(*_, **__):
    raise AssertionError("the network was asked for")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from normexp.tables import read
found = {}
for name in sys.argv[1:]:
    try:
        table = read(name)
        found[name] = [hashlib.sha256(table.matrix.tobytes()).hexdigest(), repr(table.schema)]
    except Exception as error:
        found[name] = [type(error).__name__, str(error)]
print(json.dumps(found))
"""


def answers(names, folder, prefix=(), **environment):
    command = [*prefix, sys.executable, "-W", "ignore", "-c", SCRIPT, *map(str, names)]
    ended = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """One of each kind of file, with instants, dates, numbers and words."""
    folder = tmp_path_factory.mktemp("tables")
    n = 300
    frame = pd.DataFrame({"t": pd.date_range("2024-01-01", periods=n, freq="7h", tz="UTC"), "x": [i * 37 % 101 / 8 for i in range(n)],
        "c": ["\u00e4", "b", "I", "i", "\u0131"] * (n // 5)})
    frame.to_parquet(folder / "t.parquet")
    frame.assign(t=frame["t"].dt.strftime("%d.%m.%Y %H:%M"), x=frame["x"].map(lambda x: f"{x:.3f}".replace(".", ","))).to_csv(folder / "t.csv", index=False, sep=";")
    frame.assign(t=frame["t"].dt.strftime("%Y-%m-%dT%H:%M:%S+05:30")).to_json(folder / "t.jsonl", orient="records", lines=True)
    with duckdb.connect(str(folder / "t.duckdb")) as connection:
        connection.execute(f"SET TimeZone = 'Asia/Tokyo'; CREATE TABLE t AS SELECT * FROM '{folder}/t.parquet'")
    with sqlite3.connect(folder / "t.sqlite") as connection:
        connection.execute("CREATE TABLE t(t TEXT, x REAL, c TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(str(t), x, c) for t, x, c in frame.itertuples(index=False)])
    return folder, ["t.parquet", "t.csv", "t.jsonl", "t.duckdb::t", "t.sqlite::t"]


@pytest.fixture(scope="module")
def plain(tables):
    folder, names = tables
    found = answers(names, folder, TZ="UTC")
    assert all(len(digest) == 64 for digest, _ in found.values()), found
    return found


HOSTILE = "SET TimeZone = 'Asia/Tokyo'; SET threads = 1; SET preserve_insertion_order = false; SET default_null_order = 'nulls_first';\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "America/New_York"}, {"TZ": "Asia/Kolkata"}, {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, {"LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
        {"OMP_NUM_THREADS": "1"}, {"HOME": "HOSTILE"}, {"HOME": "/nonexistent"}, {"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "77"},
    ],
    ids=str,
)  # fmt: skip
def test_the_machine_does_not_decide(environment, tables, plain, tmp_path):
    folder, names = tables
    if environment.get("HOME") == "HOSTILE":
        for name in (".duckdbrc", ".duckdb/duckdbrc"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(HOSTILE)
        (tmp_path / ".duckdb/extensions").mkdir()
        (tmp_path / ".duckdb/stored_secrets").mkdir()
        (tmp_path / ".duckdb/stored_secrets/s.duckdb_secret").write_bytes(b"\xff" * 99)
        environment = {"HOME": str(tmp_path)}
    assert answers(names, folder, **environment) == plain


def test_the_working_folder_does_not_decide(tables, plain, tmp_path):
    folder, names = tables
    (tmp_path / "t.duckdbrc").write_text(HOSTILE)
    found = answers([f"{folder}/{name}" for name in names], tmp_path)
    assert list(found.values()) == list(plain.values())


def test_one_processor_gives_the_same_bits(tables, plain):
    folder, names = tables
    if not shutil.which("taskset"):
        pytest.skip("taskset is not installed")
    assert answers(names, folder, prefix=["taskset", "-c", "0"]) == plain


def may_unshare():
    return shutil.which("unshare") and subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


ELSEWHERE = ["s3://bucket/y.csv", "https://example.org/y.csv", "http://127.0.0.1:9/y.parquet", "gs://b/y.csv", "hf://datasets/a/b.csv", "az://c/y.parquet", "md:my_db",
    "postgres:dbname=x", "s3://bucket/y.duckdb::t", "https://example.org/y.sqlite::t",
             "httpfs://x/*.csv"]  # fmt: skip


def test_nothing_is_asked_of_the_network(tables, plain):
    """Names that other programs fetch are files that do not exist here; real files of every kind are read without a network."""
    folder, names = tables
    for prefix in [(), ("unshare", "-rn")] if may_unshare() else [()]:
        found = answers([*names, *ELSEWHERE], folder, prefix=prefix)
        assert {name: found[name] for name in names} == plain
        for name in ELSEWHERE:
            kind, message = found[name]
            assert kind == "DataError", (name, message)
            assert "which does not exist" in message


def test_a_database_file_needs_no_extension(tmp_path):
    """customers.sqlite once asked for a download of native code."""
    environment = {"HOME": str(tmp_path)}
    found = answers([f"{CASES}/customers.sqlite::customers", f"{CASES}/customers.sqlite", f"{CASES}/customers.xlsx", f"{CASES}/customers.json"], tmp_path, **environment)
    assert [kind for kind, _ in found.values()][1:3] == ["DataError", "DataError"]
    assert list(tmp_path.rglob("*")) == []


def test_nothing_is_left_in_the_temporary_folder(tmp_path, tables):
    folder, names = tables
    answers([*names, "none.csv", f"{CASES}/customers-utf16.csv", f"{CASES}/customers.xlsx"], folder, TMPDIR=str(tmp_path))
    assert list(tmp_path.iterdir()) == []
