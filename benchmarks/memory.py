"""Peak memory of `train` on 1,000,000 rows x 50 numbers, from Parquet and from CSV, beyond what the imports take, in units of the float32 matrix.

usage: memory.py       about a minute, 2 GB of temporary files
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS, COLUMNS = 1_000_000, 50
MODULES = "click, duckdb, numpy, scipy.optimize, rich.table, rich.console, normexp.classifier, normexp.saving, normexp.evaluation"


def measure(table):
    for name in MODULES.split(", "):
        __import__(name)
    from normexp.cli._main import _run

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = _run(["train", table, "--target", "y", "-o", table + ".safetensors", "--epochs", "2", "--json"])
    assert code == 0
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"{Path(table).suffix}: peak {peak / 2**20:.0f} MiB, {peak / (ROWS * COLUMNS * 4):.2f} times the matrix (bar: 2.5)", file=sys.stderr)


def main():
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        columns = ", ".join(f"random() * 10 - 5 AS x{i}" for i in range(COLUMNS))
        with duckdb.connect() as connection:
            for kind in ("parquet", "csv"):
                connection.execute(f"COPY (SELECT {columns}, (random() * 3)::INT AS y FROM range({ROWS})) TO '{folder}/t.{kind}'")
        for kind in ("parquet", "csv"):
            subprocess.run([sys.executable, __file__, f"{folder}/t.{kind}"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
