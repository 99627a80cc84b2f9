"""Where the model goes, decided before anything is learnt."""

import os

import pytest

from normexp.cli._asked import _output_path as output_path


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("data/t.csv", "t"), ("t.csv.gz", "t"), ("db.duckdb::one", "one"), ("-", "model"), ("example:iris", "iris"),
        ("parts/p*.parquet", "p_"), ("name.with.dots.tsv", "name.with.dots"),
    ],
)
def test_the_default_is_the_tables_name(source, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(output_path(source, None, force=False, target="y")) == f"{name}.safetensors"


def test_what_cannot_be_written_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.safetensors").touch()
    with pytest.raises(FileExistsError, match="replace it with --force"):
        output_path("t.csv", None, force=False, target="y")
    assert output_path("t.csv", None, force=True, target="y").name == "t.safetensors"
    assert output_path("t.csv", "t.safetensors", force=False, target="y").name == "t.safetensors"
    with pytest.raises(IsADirectoryError, match="got the folder"):
        output_path("t.csv", str(tmp_path), force=False, target="y")
    with pytest.raises(FileNotFoundError, match="does not exist; create it first"):
        output_path("t.csv", "none/m", force=False, target="y")
    os.mkfifo("pipe")
    with pytest.raises(FileExistsError, match="got 'pipe', which is a device or a pipe"):
        output_path("t.csv", "pipe", force=True, target="y")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="which is read-only"):
        output_path("t.csv", "m", force=False, target="y")
