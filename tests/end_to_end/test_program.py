"""The program as a whole: what it accepts, its demo, its version and help."""

import json

from commands import run, table


def test_accepted_and_said(tmp_path):
    rows = [[i, "", "same", f"w{i % 300}" if i < 550 else f"once{i}", "pq"[i % 2] if i % 10 else ""] for i in range(600)] + [[601, "", "same", "w1", "rare"]]
    ended = run("train", table(tmp_path / "t.csv", "n,empty,constant,many,y", rows), "--target", "y", "--epochs", 2, cwd=tmp_path)
    assert ended.returncode == 0
    for note in ("60 rows without a target dropped", "column 'empty' is empty", "the 255 most frequent are kept", "class 'rare' with one row"):
        assert note in ended.stderr
    assert (tmp_path / "t.safetensors").exists()


def test_explain_takes_all_numbers(tmp_path):
    text = run("explain", "-3.44", "1.16", "-0.81", "3.91", "--labels", "dog,cat,boat,airplane", "--target", "airplane", cwd=tmp_path).stdout
    for word in ("airplane (target)", "93.15%", "0.0709", "53.5658"):
        assert word in text
    ended = run("explain", "-inf", "nan", "1e5", "--json", cwd=tmp_path)
    assert [row["probability"] for row in json.loads(ended.stdout)["rows"]] == [None] * 3
    assert run("explain", "1e5", "-inf", "--json", cwd=tmp_path).stdout.count('"probability": 1.0') == 1


def test_the_demo_is_the_tutorials_program(tmp_path):
    ended = run("demo", cwd=tmp_path)
    assert ended.returncode == 0
    assert ended.stdout.startswith("Feature shape: (2,)\nResults - Loss: ")
    result = ended.stdout.splitlines()[1].split()
    assert float(result[3]) < 0.05
    assert float(result[6].rstrip("%")) >= 99.6
    assert [line.partition(" ")[0] for line in ended.stdout.splitlines()[2:]] == ["picture:"] * 3 + ["next:"]
    assert [word in ended.stderr for word in ("1000 points in four blobs", "30 epochs of 120 steps in", "three pictures")] == [True] * 3
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"data.png", "loss.png", "regions.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (tmp_path / "demo").iterdir())


def test_version_and_help(tmp_path):
    assert run("--version", cwd=tmp_path).stdout == "normexp, version 0.1.0\n"
    assert "A first round:" in run("--help", cwd=tmp_path).stdout
    assert "--target COLUMN" in run("train", "--help", cwd=tmp_path).stdout
