"""A fit on two processes of this machine beside threads, the same while workers are killed, and predictions of parts.

usage: clusters.py [--table letter.csv] [--kills 20] [--parts 16] [--rows 50000]

The table is one of NORMEXP_DATA. Asserts that every model has the same bytes, and every folder of predictions the same files.
"""

import argparse
import csv
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

NORMEXP = str(Path(sys.executable).parent / "normexp")


def timed(call):
    started = time.perf_counter()
    found = call()
    return found, time.perf_counter() - started


def fits(table, target, n_kills, folder):
    """On threads, on two workers, and with a worker killed at a random moment."""
    from normexp import recipe, saving
    from normexp.cluster import ClusterExecutor, connected
    from normexp.tables import read

    data = read(str(table), target=target)
    plan = recipe.portfolio(len(data), data.schema.matrix_columns(), len(data.classes), seed=0)

    def bytes_of(**options):
        saving.save(recipe.fit_table(data, plan, **options), folder / "m.safetensors")
        return (folder / "m.safetensors").read_bytes()

    threads, on_workers, killed = [], [], []
    expected, seconds = timed(lambda: bytes_of(n_threads=2))
    threads.append(seconds)
    with connected("local:2") as client:
        for _ in range(3):
            found, seconds = timed(lambda: bytes_of(executor=ClusterExecutor(client)))
            assert found == expected, "other bytes on workers"
            on_workers.append(seconds)
            found, seconds = timed(lambda: bytes_of(n_threads=2))
            assert found == expected
            threads.append(seconds)
        print(f"fit of {table.name}: threads {statistics.median(threads):.1f} s, two workers {statistics.median(on_workers):.1f} s")
        for i in range(n_kills):
            client.wait_for_workers(2, timeout=60)
            pid = random.Random(i).choice(sorted(client.run(os.getpid, on_error="ignore").values()))
            killer = threading.Timer(random.Random(-i).uniform(0, statistics.median(on_workers)), os.kill, (pid, signal.SIGKILL))
            killer.start()
            found, seconds = timed(lambda: bytes_of(executor=ClusterExecutor(client)))
            killer.join()
            assert found == expected, f"other bytes after kill {i}"
            killed.append(seconds)
        if killed:
            print(f"a worker killed, {len(killed)} times: same bytes; median {statistics.median(killed):.1f} s, most {max(killed):.1f} s")


def parts(table, target, n_parts, n_rows, n_kills, folder):
    """Predictions of parts by one process, by two workers, and with the command killed at random moments and started again."""
    header, *rows = list(csv.reader(table.open(newline="")))
    model, rng = folder / "p.safetensors", np.random.default_rng(0)
    subprocess.run([NORMEXP, "train", str(table), "--target", target, "--quality", "fast", "-o", str(model)], check=True, capture_output=True)
    (folder / "parts").mkdir()
    for i in range(n_parts):
        with (folder / f"parts/{i:03d}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *(rows[k] for k in rng.integers(0, len(rows), n_rows))])

    def predicted(out, *options):
        subprocess.run([NORMEXP, "predict", str(model), str(folder / "parts/*.csv"), "-o", str(folder / out) + "/", *options], check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in (folder / out).iterdir()}

    expected, one = timed(lambda: predicted("one", "--threads", "1"))
    found, two = timed(lambda: predicted("two", "--cluster", "local:2"))
    assert found == expected
    print(f"{n_parts} parts of {n_rows:,} rows: one process {n_parts * n_rows / one:,.0f} rows/s, two workers {n_parts * n_rows / two:,.0f} rows/s, start included")
    for i in range(n_kills):
        process = subprocess.Popen([NORMEXP, "predict", str(model), str(folder / "parts/*.csv"), "-o", str(folder / f"k{i}") + "/"], stderr=subprocess.DEVNULL)
        time.sleep(random.Random(i).uniform(0, one))
        process.kill()
        process.wait()
        done = {path.name: path.stat().st_mtime_ns for path in (folder / f"k{i}").glob("[0-9]*.csv")} if (folder / f"k{i}").exists() else {}
        assert predicted(f"k{i}") == expected, f"other files after kill {i}"
        again = sum((folder / f"k{i}" / name).stat().st_mtime_ns != before for name, before in done.items())
        assert again <= 1, f"{again} parts were predicted twice"
    print(f"killed {n_kills} times and started again: the same files, nothing predicted twice but what was running")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", default="letter.csv")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--parts", type=int, default=16)
    parser.add_argument("--rows", type=int, default=50_000)
    arguments = parser.parse_args()
    data = Path(os.environ.get("NORMEXP_DATA", "../shared/data"))
    with (data / "datasets.csv").open(newline="") as file:
        target = next(row["target_column"] for row in csv.DictReader(file) if row["file"] == arguments.table)
    with tempfile.TemporaryDirectory() as folder:
        fits(data / arguments.table, target, arguments.kills, Path(folder))
        parts(data / arguments.table, target, arguments.parts, arguments.rows, arguments.kills, Path(folder))


if __name__ == "__main__":
    main()
