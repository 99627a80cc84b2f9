"""A table that does not fit into the memory it is given: the same rows with --memory and without, log loss, rows a second, peak resident memory.

usage: blocks.py [--rows 300000] [--memory 600MB] [--members linear,network,trees] [--format csv]

The table is made here: 24 numbers and 6 categories, three classes. Asserts that both models are better than the class shares.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NORMEXP = str(Path(sys.executable).parent / "normexp")
NUMBERS, CATEGORIES = 24, 6
SUMS = (
    "x0 * 2 + x1 * x2 * 3 + (c0 = 'v1')::INT + (hash(i * 91) % 1000) / 700.0 AS s1", "sin(3 * x3) * 2 + x4 * 1.5 + (c2 = 'v3')::INT * 2 + (hash(i * 93) % 1000) / 700.0 AS s2",
    "x5 * x5 * 3 - x6 + (c4 = 'v5')::INT + (hash(i * 97) % 1000) / 700.0 AS s3",
)  # fmt: skip


def made(path, n):
    """n rows, the same for the same n."""
    import duckdb

    numbers = ", ".join(f"round((hash(i * 31 + {k}) % 1000003) / 500001.5 - 1, 6) AS x{k}" for k in range(NUMBERS))
    categories = ", ".join(f"'v' || (hash(i * 77 + {k}) % {3 + 4 * k})::VARCHAR AS c{k}" for k in range(CATEGORIES))
    rows = f"SELECT *, {', '.join(SUMS)} FROM (SELECT i, {numbers}, {categories} FROM range({n}) t(i))"
    label = "CASE WHEN s1 >= s2 AND s1 >= s3 THEN 'a' WHEN s2 >= s3 THEN 'b' ELSE 'c' END AS y"
    how = "FORMAT parquet" if path.suffix == ".parquet" else "HEADER"
    duckdb.connect(config={"threads": 1}).execute(f"COPY (SELECT * EXCLUDE (i, s1, s2, s3), {label} FROM ({rows})) TO '{path}' ({how})")


def trained(table, *options):
    """Scores, seconds and peak memory of a process; its own share of the tree's."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.perf_counter()
    command = [NORMEXP, "train", str(table), "--target", "y", "-o", str(table.with_suffix(".safetensors")), "--json", *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told, seconds, peak = json.loads(ended.stdout), time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert told["scores"]["log_loss"] < 0.8 * told["class_share_scores"]["log_loss"]
    peak = f"{peak / 1024:.0f} MB" if peak > before else f"at most {peak / 1024:.0f} MB"
    loss, rate = told["scores"]["log_loss"], told["n_training_rows"] / seconds
    print(f"{' '.join(options)}: log loss {loss:.4f}, {rate:,.0f} rows/s ({seconds:.0f} s), peak {peak}", flush=True)
    print(*(line for line in ended.stderr.splitlines() if "do not fit" in line), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--memory", default="600MB")
    parser.add_argument("--members", default="linear,network,trees")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    arguments = parser.parse_args()
    members = [part for name in arguments.members.split(",") for part in ("--members", name)]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, f"t.{arguments.format}")
        made(table, arguments.rows)
        print(f"{arguments.rows:,} rows, {table.stat().st_size / 2**20:.0f} MB")
        trained(table, "--memory", arguments.memory, *members)  # first: the peak of children only rises
        trained(table, "--memory", "1TB", *members)


if __name__ == "__main__":
    main()
