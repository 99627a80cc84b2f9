"""Every real table, with defaults. They lie in the folder that NORMEXP_DATA names, by default ../shared/data."""

import csv
import json
import os
from pathlib import Path

import pytest
from commands import run

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[3] / "shared/data"))
LISTED = list(csv.DictReader((DATA / "datasets.csv").read_text().splitlines())) if (DATA / "datasets.csv").exists() else []
TABLES = {row["file"]: row["target_column"] for row in LISTED if not row["file"].endswith("/")}
LEAST_ACCURACY = {"penguins.csv": 0.97, "letter.csv": 0.95, "pendigits.csv": 0.97, "satimage.csv": 0.90, "car.csv": 0.97}
MOST_LOG_LOSS = {"adult.csv.gz": 0.33}

pytestmark = pytest.mark.skipif(not TABLES, reason=f"no real tables in {DATA}; set NORMEXP_DATA to their folder")


@pytest.mark.parametrize("name", TABLES or ["none"])
def test_defaults_learn_it(name, tmp_path):
    ended = run("train", DATA / name, "--target", TABLES[name], "-o", "m", "--json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    scores, baseline = report["scores"], report["class_share_scores"]
    assert scores["log_loss"] < 0.95 * baseline["log_loss"]
    assert scores["accuracy"] >= LEAST_ACCURACY.get(name, baseline["accuracy"])
    assert scores["log_loss"] <= MOST_LOG_LOSS.get(name, 2)
    again = run("evaluate", "m", DATA / name, "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["scores"]["accuracy"] >= scores["accuracy"] - 0.05
