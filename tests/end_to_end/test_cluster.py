"""--cluster, by hand: the same files, whatever happens to the workers; predictions of parts into a folder, gone on with after a kill."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from commands import NORMEXP, assert_refused, run, table

pytest.importorskip("distributed", reason="the extra cluster")
HEADER = "u,v,w,colour,y"


def rows(n, seed):
    x = np.random.default_rng(seed).standard_normal((n, 3)).round(3)
    return [[*row, ("red", "green", "blue")[i % 3], "abc"[int(np.argmax(row))]] for i, row in enumerate(x.tolist())]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """t.csv, a model of it, and parts in two folders."""
    found = tmp_path_factory.mktemp("cluster")
    table(found / "t.csv", HEADER, rows(240, 0))
    ended = run("train", "t.csv", "--target", "y", "-o", "m.safetensors", "--epochs", 3, cwd=found)
    assert ended.returncode == 0, ended.stderr
    (found / "parts/more").mkdir(parents=True)
    for i in range(6):
        table(found / f"parts/{'more/' if i % 2 else ''}p{i}.csv", HEADER, rows(3_000, i))
    return found


def tree(folder):
    """Bytes of every file below it, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_train_makes_the_same_file_on_a_cluster(folder):
    ended = run("train", "t.csv", "--target", "y", "-o", "on.safetensors", "--epochs", 3, "--cluster", "local:2", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "normexp: cluster local:2: 2 workers, 2 tasks at a time" in ended.stderr
    assert re.search(r"normexp: cluster local:2: a worker took \d{2,4} MB at most", ended.stderr)
    assert (folder / "on.safetensors").read_bytes() == (folder / "m.safetensors").read_bytes()


def test_tune_makes_the_same_file_on_a_cluster(folder):
    for name, options in (("a", ()), ("b", ("--cluster", "local:1"))):
        ended = run("tune", "t.csv", "--target", "y", "-o", f"{name}.safetensors", "--trials", 4, "--jobs", 1, "--members", "linear", "--space", "small", *options, cwd=folder)
        assert ended.returncode == 0, ended.stderr
    assert (folder / "a.safetensors").read_bytes() == (folder / "b.safetensors").read_bytes()


@pytest.mark.parametrize("to_all", [True, False], ids=["from the terminal", "to the process"])
def test_an_interrupt_keeps_the_best_so_far_and_says_so(folder, to_all):
    """The terminal sends it to the workers' processes too."""
    command = [NORMEXP, "train", "t.csv", "--target", "y", "-o", "i.safetensors", "--epochs", "400000", "--cluster", "local:2"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    for line in process.stderr:
        if "tasks at a time" in line:
            break
    time.sleep(2.0)
    (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "interrupted" in errors


def test_parts_have_answers_of_their_own_in_any_order(folder):
    ended = run("predict", "m.safetensors", "parts/**/*.csv", "-o", "out/", "--keep", "u", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "18,000 rows of 6 parts written to out/" in ended.stderr.replace("18000", "18,000")
    assert set(tree(folder / "out")) == {"p0.csv", "p2.csv", "p4.csv", "more/p1.csv", "more/p3.csv", "more/p5.csv", "manifest.json"}
    alone = run("predict", "m.safetensors", "parts/more/p3.csv", "-o", "p3.csv", "--keep", "u", cwd=folder)
    assert alone.returncode == 0
    assert (folder / "p3.csv").read_bytes() == (folder / "out/more/p3.csv").read_bytes()
    on_cluster = run("predict", "m.safetensors", "parts/**/*.csv", "-o", "out2/", "--keep", "u", "--cluster", "local:2", cwd=folder)
    assert on_cluster.returncode == 0, on_cluster.stderr
    assert tree(folder / "out2") == tree(folder / "out")


def test_a_killed_prediction_is_gone_on_with(folder):
    whole = run("predict", "m.safetensors", "parts/**/*.csv", "-o", "whole/", cwd=folder)
    assert whole.returncode == 0, whole.stderr
    process = subprocess.Popen([NORMEXP, "predict", "m.safetensors", "parts/**/*.csv", "-o", "half/"], cwd=folder, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and not ((folder / "half/manifest.json").exists() and len(json.loads((folder / "half/manifest.json").read_text())["parts"]) >= 2):
        time.sleep(0.005)
    process.kill()
    process.wait()
    done = {one["output"]: (folder / "half" / one["output"]).stat().st_mtime_ns for one in json.loads((folder / "half/manifest.json").read_text())["parts"]}
    assert len(done) >= 2
    again = run("predict", "m.safetensors", "parts/**/*.csv", "-o", "half/", cwd=folder)
    assert again.returncode == 0, again.stderr
    assert f"{len(done)} parts of 6 in half already" in again.stderr
    assert tree(folder / "half") == tree(folder / "whole")
    assert {name: (folder / "half" / name).stat().st_mtime_ns for name in done} == done  # not written twice
    table(folder / "parts/p0.csv", HEADER, rows(2_000, 77))
    changed = run("predict", "m.safetensors", "parts/**/*.csv", "-o", "half/", cwd=folder)
    assert "5 parts of 6 in half already; going on with the others" in changed.stderr
    assert "2000 rows of 1 part written" in changed.stderr.replace(",", "")
    assert "6 parts of 6 in half already: nothing to do" in run("predict", "m.safetensors", "parts/**/*.csv", "-o", "half", cwd=folder).stderr


def test_folders_of_other_work_are_refused(folder):
    assert run("predict", "m.safetensors", "t.csv", "-o", "mine/", cwd=folder).returncode == 0
    assert_refused(run("predict", "m.safetensors", "t.csv", "-o", "mine/", "--coverage", 0.9, cwd=folder), 3, "others ('options' differ)", "choose another folder")
    (folder / "full").mkdir()
    (folder / "full/mine.txt").write_text("mine")
    assert_refused(run("predict", "m.safetensors", "t.csv", "-o", "full/", cwd=folder), 3, "expected an empty folder", "no manifest.json")
    assert tree(folder / "full") == {"mine.txt": b"mine"}
    assert_refused(run("predict", "m.safetensors", "parts/*.csv", "-o", "parts/", cwd=folder), 3, "not read from")
    assert_refused(run("predict", "m.safetensors", "t.csv", "-o", "no/where/", cwd=folder), 1, "does not exist; create it first")
    assert_refused(run("predict", "m.safetensors", "-", "-o", "mine/", cwd=folder), 2, "a glob such as 'parts/*.parquet'")
    assert_refused(run("predict", "m.safetensors", "t.csv", "-o", "mine/", "--top", "10%", cwd=folder), 2, "--top, which compares all rows")
    assert_refused(run("predict", "m.safetensors", "t.csv", "-o", "a.csv", "--cluster", "local:2", cwd=folder), 2, "expected a folder to write to with --cluster")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"parts": [], "made_by": 3}', '{"made_by": {}, "parts": [{"output": "../x"}]}', "[" * 100_000, '{"parts": 4, "made_by": {}}'])
def test_manifests_that_predict_has_not_written_are_refused(folder, text):
    shutil.rmtree(folder / "odd", ignore_errors=True)
    (folder / "odd").mkdir()
    (folder / "odd/manifest.json").write_text(text)
    assert_refused(run("predict", "m.safetensors", "t.csv", "-o", "odd/", cwd=folder), 3, "choose another folder")
    assert tree(folder / "odd") == {"manifest.json": text.encode()}


def test_parts_that_cannot_be_answered_are_named_and_the_others_kept(folder):
    (folder / "bad").mkdir()
    table(folder / "bad/a.csv", HEADER, rows(50, 0))
    table(folder / "bad/b.csv", "u,v,colour,y", [[1, 2, "red", "a"]])
    ended = run("predict", "m.safetensors", "bad/*.csv", "-o", "bad-out/", cwd=folder)
    assert_refused(ended, 3, "bad/b.csv", "'w'")
    assert set(tree(folder / "bad-out")) == {"a.csv", "manifest.json"}
    on_cluster = run("predict", "m.safetensors", "bad/*.csv", "-o", "bad-out2/", "--cluster", "local:1", cwd=folder)
    assert_refused(on_cluster, 3, "bad/b.csv", "'w'")


def test_two_parts_of_one_name_are_refused(folder):
    (folder / "same").mkdir()
    table(folder / "same/a.csv", HEADER, rows(9, 0))
    table(folder / "same/a.tsv", HEADER.replace(",", "\t"), [])
    assert_refused(run("predict", "m.safetensors", "same/a.*", "-o", "same-out/", cwd=folder), 3, "parts with names of their own", "a.csv", "a.tsv")


def test_links_lead_to_no_wrong_parts_and_replace_nothing(folder):
    (folder / "sym").mkdir()
    for name, n in (("a", 20), ("c", 30)):
        table(folder / f"sym/{name}.csv", HEADER, rows(n, n))
    (folder / "sym/b.csv").symlink_to("a.csv")
    ended = run("predict", "m.safetensors", "sym/*.csv", "-o", "sym-out/", "--cluster", "local:1", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert [len((folder / f"sym-out/{name}.csv").read_text().splitlines()) - 1 for name in "abc"] == [20, 20, 30]
    (folder / "deep/jan").mkdir(parents=True)
    (folder / "deep/feb").mkdir()
    for name in ("jan", "feb"):
        table(folder / f"deep/{name}/p.csv", HEADER, rows(10, 1))
    before = tree(folder / "deep")
    (folder / "deep-out").mkdir()
    (folder / "deep-out/jan").symlink_to("../deep/jan")
    (folder / "deep-out/manifest.json").write_text("{}")
    assert_refused(run("predict", "m.safetensors", "deep/*/p.csv", "-o", "deep-out/", cwd=folder), 3, "a link there that leads to")
    assert_refused(run("predict", "m.safetensors", "deep/*/../feb/p.csv", "-o", "dots/", cwd=folder), 3, "expected a glob without .. behind its first star")
    assert tree(folder / "deep") == before


def test_answers_of_another_table_stay(folder):
    assert run("predict", "m.safetensors", "parts/*.csv", "-o", "mine2/", cwd=folder).returncode == 0
    before = tree(folder / "mine2")
    assert_refused(run("predict", "m.safetensors", "parts/more/*.csv", "-o", "mine2/", cwd=folder), 3, "'table' differ")
    assert tree(folder / "mine2") == before


def test_clusters_that_are_none_are_refused(folder):
    assert_refused(run("train", "t.csv", "--target", "y", "--cluster", "local:0", cwd=folder), 2, "expected a cluster such as tcp://scheduler:8786")
    assert_refused(run("train", "t.csv", "--target", "y", "--cluster", "tcp://127.0.0.1:9", cwd=folder), 1, "got no answer within 5 s", "--cluster local:2 needs none")
    assert_refused(run("train", "t.csv", "--target", "y", "--cluster", "tls://localhost:8786", cwd=folder), 1, "expected a Dask scheduler with workers at tls://localhost:8786")
    assert_refused(run("train", "t.csv", "--target", "y", "--cluster", "tcp://localhost:99999", cwd=folder), 2, "expected a cluster such as")
    assert_refused(run("train", "t.csv", "--target", "y", "--cluster", "local:2", "--quality", "fast", cwd=folder), 2, "--quality good or best with --cluster")
