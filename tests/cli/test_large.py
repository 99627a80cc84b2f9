"""train --memory: a table that does not fit goes by blocks on disk."""

import json

import numpy as np
import pytest

from normexp import saving
from normexp.cli import _large, run

HEADER = "u,v,w,colour,y"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A process without any rows takes nothing; a table of 4,000 rows does not fit into 500 kB."""
    monkeypatch.setattr(_large, "BASE", 0)
    monkeypatch.setattr(_large, "LEAST_MEMORY", 1)
    monkeypatch.setattr(_large, "LEAST_ROWS", 400)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """t.csv, sorted by class: the worst order for blocks that would be read as they lie."""
    found = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4_000, 3)).round(3)
    y = np.argmax(x + 0.3 * rng.standard_normal((4_000, 3)), axis=1)
    order = np.argsort(y, kind="stable")
    lines = [f"{a},{b},{c},{('red', 'green', 'blue')[i % 3]},{'abc'[y[i]]}" for i, (a, b, c) in zip(order, x[order].tolist(), strict=True)]
    (found / "t.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return found


def trained(folder, capsys, *options, code=0):
    given = ["train", str(folder / "t.csv"), "--target", "y", "-o", str(folder / "m.safetensors"), "--epochs", "3", "--json", *options]
    found = run(given)
    out, err = capsys.readouterr()
    assert found == code, err
    return json.loads(out) if code == 0 else None, err


def test_a_table_that_does_not_fit_goes_by_blocks(folder, capsys):
    whole, _ = trained(folder, capsys)
    told, err = trained(folder, capsys, "--memory", "500kB")
    assert "4,000 rows do not fit into 0.00 GB: " in err
    assert " blocks on disk" in err
    assert 2_900 < told["n_training_rows"] < 3_100
    assert 400 < told["scores"]["n_rows"] < 1_000  # of a thousand, as many as there is room for
    assert told["scores"]["log_loss"] == pytest.approx(whole["scores"]["log_loss"], rel=0.25)
    assert told["scores"]["log_loss"] < 0.5 * told["class_share_scores"]["log_loss"]
    model = saving.load_model(folder / "m.safetensors")
    assert model.feature_names == ("u", "v", "w", "colour")
    assert run(["evaluate", str(folder / "m.safetensors"), str(folder / "t.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["n_rows"] == 4_000


def test_the_same_file_on_any_number_of_threads(folder, capsys):
    trained(folder, capsys, "--memory", "500kB", "--threads", "1")
    before = (folder / "m.safetensors").read_bytes()
    trained(folder, capsys, "--memory", "500kB", "--threads", "3")
    assert (folder / "m.safetensors").read_bytes() == before


def test_a_table_that_fits_is_trained_as_ever(folder, capsys):
    trained(folder, capsys)
    before = (folder / "m.safetensors").read_bytes()
    _, err = trained(folder, capsys, "--memory", "8MB")
    assert "blocks" not in err
    assert (folder / "m.safetensors").read_bytes() == before


def test_a_report_and_the_rows_held_out(folder, capsys):
    told, _ = trained(folder, capsys, "--memory", "500kB", "--report", str(folder / "r.html"), "--save-test", str(folder / "held.csv"), "--force")
    assert "<svg" in (folder / "r.html").read_text()
    assert len((folder / "held.csv").read_text().splitlines()) == told["scores"]["n_rows"] + 1
    assert run(["evaluate", str(folder / "m.safetensors"), str(folder / "held.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["log_loss"] == pytest.approx(told["scores"]["log_loss"], rel=1e-5)


def test_equal_rows_are_told_by_one_in_64_of_them(folder, capsys):
    header, *rows = (folder / "t.csv").read_text().splitlines()
    (folder / "twice.csv").write_text("\n".join([header, *(row for row in rows for _ in range(4))]) + "\n")
    code = run(["train", str(folder / "twice.csv"), "--target", "y", "-o", str(folder / "m.safetensors"), "--epochs", "1", "--json", "--memory", "1500kB", "--members", "linear"])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "of the rows to test on equal a row to learn from: the scores flatter the model" in err
    assert json.loads(out)["n_equal_rows"] > 0.9 * json.loads(out)["scores"]["n_rows"]


def test_a_class_of_few_rows_is_in_sample_and_shares(folder, capsys):
    header, *rows = (folder / "t.csv").read_text().splitlines()
    rare = [row.rsplit(",", 1)[0] + ",rare" for row in rows[:2]]
    (folder / "rare.csv").write_text("\n".join([header, *rows, *rare]) + "\n")
    for seed in range(3):
        given = ["train", str(folder / "rare.csv"), "--target", "y", "-o", str(folder / "m.safetensors"), "--epochs", "1", "--memory", "500kB", "--members", "linear"]
        assert run([*given, "--seed", str(seed), "--json"]) == 0
        capsys.readouterr()
        model = saving.load_model(folder / "m.safetensors")
        assert model.class_shares[model.classes.tolist().index("rare")] > 0


def test_rows_of_no_weight_are_neither_learnt_from_nor_counted(folder, capsys):
    header, *rows = (folder / "t.csv").read_text().splitlines()
    (folder / "w.csv").write_text("\n".join([header + ",g", *(f"{row},{int(i % 4 == 0)}" for i, row in enumerate(rows))]) + "\n")
    code = run(["train", str(folder / "w.csv"), "--target", "y", "--weight", "g", "-o", str(folder / "m.safetensors"), "--epochs", "1", "--json", "--memory", "500kB"])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert 650 < json.loads(out)["n_training_rows"] < 850


def test_a_wrong_positive_class_is_refused_before_the_work(folder, capsys):
    text = (folder / "t.csv").read_text().replace(",c\n", ",b\n")
    (folder / "two.csv").write_text(text)
    code = run(["train", str(folder / "two.csv"), "--target", "y", "--positive", "maybe", "-o", str(folder / "never.safetensors"), "--memory", "500kB"])
    err = capsys.readouterr().err
    assert code == 2
    assert "expected a class out of 'a', 'b', got 'maybe'" in err
    assert "blocks" not in err


def test_what_a_time_limit_leaves_out_is_said(folder, capsys):
    given = ["train", str(folder / "t.csv"), "--target", "y", "-o", str(folder / "m.safetensors"), "--memory", "500kB", "--epochs", "5000", "--time-limit", "1.5", "--json"]
    code = run(given)
    out, err = capsys.readouterr()
    assert code == 0, err
    assert json.loads(out)["stopped"] == "time_limit"
    assert json.loads(out)["scores"]["log_loss"] < json.loads(out)["class_share_scores"]["log_loss"]


@pytest.mark.parametrize(("options", "word"), [
    (["--group", "colour"], "--group"), (["--time", "u"], "--time"), (["--folds", "3"], "--folds"), (["--drop-duplicates"], "--drop-duplicates"), (["--compact"], "--compact"),
    (["--quality", "fast"], "--quality fast"),
])  # fmt: skip
def test_what_needs_all_rows_in_memory_is_refused(folder, capsys, options, word):
    _, err = trained(folder, capsys, "--memory", "500kB", *options, code=2)
    assert f"expected a table that fits into memory with {word}, got one that needs about" in err


def test_too_little_memory_and_too_small_a_disk_are_said(folder, capsys, monkeypatch):
    monkeypatch.setattr(_large, "MOST_BLOCKS", 2)
    _, err = trained(folder, capsys, "--memory", "500kB", code=3)
    assert "expected memory enough for blocks of this table" in err
    monkeypatch.undo()
    monkeypatch.setattr(_large, "BASE", 0)
    monkeypatch.setattr(_large, "LEAST_MEMORY", 1)
    monkeypatch.setattr(_large, "LEAST_ROWS", 400)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10})())
    _, err = trained(folder, capsys, "--memory", "500kB", code=1)
    assert "of room for blocks of the table" in err
    assert "TMPDIR" in err


@pytest.mark.parametrize("size", ["1", "0GB", "much", "-1GB", "1XB"])
def test_sizes_of_memory(folder, capsys, monkeypatch, size):
    monkeypatch.setattr(_large, "LEAST_MEMORY", 256 << 20)
    _, err = trained(folder, capsys, "--memory", size, code=2)
    assert "expected a size of memory of at least 256MB" in err


@pytest.mark.parametrize(("words", "size"), [("1GB", 1 << 30), ("1.5g", 3 << 29), ("512 MiB", 512 << 20), ("300m", 300 << 20), ("2TB", 2 << 40)])
def test_sizes_in_words(words, size):
    assert _large.MemorySize().convert(words, None, None) == size
