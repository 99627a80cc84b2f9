"""Start-up: what `import normexp` adds to NumPy's own import, and the whole process of `normexp train example:iris`.

usage: startup.py       medians of processes, in turn
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NORMEXP = Path(sys.executable).parent / "normexp"
IMPORT = "import numpy, time; start = time.perf_counter(); import normexp; print(time.perf_counter() - start)"


def main():
    added = [float(subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout) for _ in range(15)]
    print(f"import normexp after numpy: {1000 * statistics.median(added):.1f} ms (bar: 30)")
    whole = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(7):
            started = time.perf_counter()
            ended = subprocess.run([NORMEXP, "train", "example:iris", "-o", "iris.safetensors", "--json"], cwd=folder, capture_output=True, text=True, check=True)
            whole.append(time.perf_counter() - started)
            assert json.loads(ended.stdout)["scores"]["accuracy"] > 0.85
    print(f"normexp train example:iris, whole process: {statistics.median(whole):.2f} s (bar: 2.5)")


if __name__ == "__main__":
    main()
