"""A record of runs: a CSV with a line a training, which spreadsheets read too."""

import csv
import fcntl
import io
import os
import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normexp._version import __version__
from normexp.errors import DataError

if TYPE_CHECKING:
    from normexp.evaluation import Interval

__all__ = ["COLUMNS", "FACTS", "SCORES", "append_run", "check_record", "read_runs"]

FACTS = ("time", "version", "table", "target", "rows", "test_rows", "seed", "settings", "seconds", "stopped", "model")
SCORES = ("log_loss", "accuracy", "brier")
COLUMNS = (*FACTS, *(f"{score}{end}" for score in SCORES for end in ("", "_low", "_high")), "calibration_error")
MOST_BYTES, MOST_HEADER = 100_000_000, 10_000
UNSET = {"table", "target", "output", "force", "seed", "log", "as_json", "report", "save_test", "no_fingerprint", "threads", "costs_file"}  # which say nothing of the model
NAMES = {"when": "time", "keep_columns": "keep-column"}  # of options that are called otherwise on the command line


def check_record(path: Path) -> None:
    """Refused now, not after the training: a file that is no record."""
    if path.exists() and path.stat().st_size:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            first = file.readline(MOST_HEADER)
        if first.rstrip("\r\n").split(",") != list(COLUMNS):
            raise DataError(f"expected a record of runs to append to, got a file with other columns ({path}); name another file with --log")


def append_run(path: Path, given: dict[str, Any], result: dict[str, Any], intervals: "dict[str, Interval]") -> None:
    """One line; runs side by side wait for each other."""
    scores = result["scores"]
    facts = {
        "time": datetime.now().astimezone().isoformat(timespec="seconds"), "version": __version__, "table": result["table"], "target": result["target"],
        "rows": result["n_training_rows"], "test_rows": scores["n_rows"], "seed": given["seed"], "settings": settings_of(given), "seconds": result["seconds"],
        "stopped": result["stopped"], "model": result["model"], "calibration_error": _number(scores["calibration_error"]),
    }  # fmt: skip
    for score in SCORES:
        ends = intervals.get(score)
        facts |= {score: _number(scores[score]), f"{score}_low": "" if ends is None else _number(ends.low), f"{score}_high": "" if ends is None else _number(ends.high)}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # who sees an empty file writes the header, and nobody else
        if not os.fstat(handle).st_size:
            writer.writeheader()
        writer.writerow(facts)
        os.write(handle, text.getvalue().encode())
    finally:
        os.close(handle)


def settings_of(given: dict[str, Any]) -> str:
    """The options that were given and change the model, as they are typed."""
    import click

    context, found = click.get_current_context(silent=True), list[str]()
    for name, value in given.items():
        asked = context is None or context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if name in UNSET or not asked or value is None or value is False or value == ():
            continue
        option = f"--{NAMES.get(name, name).replace('_', '-')}"
        if value is True:
            found.append(option)
        elif name == "hidden":
            found += [option, ",".join(map(str, value)) or "none"]
        else:
            for one in value if isinstance(value, tuple) else (value,):
                found += [option, str(one)]
    return shlex.join(found)


def read_runs(path: Path) -> list[dict[str, str]]:
    """The lines of a record; raises DataError for a file that is none."""
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"expected a record of runs, got a file of {path.stat().st_size:,} bytes ({path})")
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DataError(f"expected a record that train --log has written, got a file with other columns ({path})")
            found = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"expected a record of runs, got a file that cannot be read ({path}): {error}") from None
    for place, row in enumerate(found, 2):
        if None in row or None in row.values():
            raise DataError(f"expected {len(COLUMNS)} cells in line {place} of {path}, got others")
    return found


def _number(value: float) -> str:
    return "" if value != value else f"{value:.6g}"
