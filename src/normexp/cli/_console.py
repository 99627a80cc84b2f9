"""What the command line writes: results on stdout, everything else on stderr. Colour by rich, which honours NO_COLOR."""

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from normexp.cli._shown import shown, shown_json, shown_lines
from normexp_command.signals import raising

if TYPE_CHECKING:
    from normexp.recipe import Progress

__all__ = ["TrainingProgress", "echo", "print_json", "print_table", "say", "say_notes", "scores_table"]


def say(message: str) -> None:
    """A line on stderr; where that cannot be written to, there is nobody to tell."""
    with suppress(OSError, ValueError):
        print(f"normexp: {shown(message)}", file=sys.stderr, flush=True)


def echo(text: str) -> None:
    """Lines on stdout, for people."""
    print(shown_lines(text), flush=True)


def say_notes(notes: Iterable[str]) -> None:
    for note in notes:
        say(f"note: {note}")


def print_json(data: dict[str, Any]) -> None:
    """One object on stdout; NaN becomes null."""
    clean = {key: _json_value(value) for key, value in data.items()}
    writes_all = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    print(shown_json(json.dumps(clean, ensure_ascii=not writes_all, default=str)))


def _json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json_value(inner) for inner in value]
    if isinstance(value, tuple):
        return [_json_value(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """A table on stdout, numbers to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=None if title is None else Text(shown(title)), title_justify="left", pad_edge=False)
    for i, name in enumerate(header):
        table.add_column(Text(shown(name)), justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 110
    Console(file=sys.stdout, width=width).print(table)


MEANINGS = {
    "accuracy": "share of rows predicted right", "log_loss": "nats, 0 is best", "brier": "summed over classes, 0 is best",
    "calibration_error": "confidence against accuracy", "balanced_accuracy": "mean recall of the classes", "classwise_calibration_error": "mean over the classes",
    "refinement": "log loss after the best temperature", "calibration": "log loss above that", "roc_auc_macro": "class against rest, 0.5 is chance",
    "average_precision_macro": "class against rest, 1 is best", "top_3_accuracy": "the class is among the first three",
    "log_loss_known": "without classes unknown to the model",
}  # fmt: skip


def scores_table(
    columns: dict[str, dict[str, Any]], intervals: Mapping[str, tuple[float, float, float]] | None = None, *, positive: object = None
) -> None:
    """Scores side by side, a column a model; the interval is that of the first. Of two classes the ranking scores are those of the `positive` one: nothing is averaged."""
    names = [name for name in MEANINGS if any(math.isfinite(scores.get(name, math.nan)) for scores in columns.values())]
    if all(not scores.get("n_unknown") for scores in columns.values()):
        names = [name for name in names if name != "log_loss_known"]
    rows = []
    for name in names:
        cells = [f"{value:.4f}" if math.isfinite(value := scores.get(name, math.nan)) else "-" for scores in columns.values()]
        if intervals is not None:
            known = name in intervals and math.isfinite(intervals[name][1])
            cells.insert(1, f"{intervals[name][1]:.4f} to {intervals[name][2]:.4f}" if known else "")
        of_positive = positive is not None and name.endswith("_macro")
        meaning = MEANINGS[name].replace("class against rest", f"'{positive}' against the rest") if of_positive else MEANINGS[name]
        rows.append(((name.removesuffix("_macro") if of_positive else name).replace("_", " "), *cells, meaning))
    header = list(columns)
    if intervals is not None:
        header.insert(1, "95 % interval")
    print_table(("score", *header, "meaning"), rows)


class TrainingProgress:
    """A bar on a terminal, a line now and then otherwise; its methods are the callbacks of a fit. Inside, an interrupt is raised, for the fit to end well."""

    SECONDS_BETWEEN_LINES = 5.0

    def __init__(self, n_epochs: int, n_rows: int, time_limit: float | None) -> None:
        self.n_epochs, self.n_rows, self.time_limit = n_epochs, max(n_rows, 1), time_limit
        self.started = self.last_line = time.monotonic()
        self.text = "starting"
        self.bar: Any = None
        self.open = ExitStack()

    def __enter__(self) -> "TrainingProgress":
        self.open.enter_context(raising())
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            counted = TextColumn("epoch {task.fields[epoch]}" if self.n_epochs else "member {task.fields[epoch]}")
            self.bar = Progress(counted, BarColumn(10), TextColumn("{task.description}"), console=Console(file=sys.stderr), transient=True)
            self.task = self.bar.add_task(self.text, total=self.n_epochs, epoch=f"0/{self.n_epochs}")
            self.open.callback(self.bar.stop)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def on_epoch(self, epoch: int, loss: float, _accuracy: float, validation_loss: float, validation_accuracy: float) -> bool:
        done = epoch + 1
        elapsed = time.monotonic() - self.started
        left = elapsed / done * (self.n_epochs - done)
        if self.time_limit:
            left = min(left, max(self.time_limit - elapsed, 0))
        validated = "" if math.isnan(validation_loss) else f" - validation {validation_loss:.4f}, accuracy {validation_accuracy:.1%}"
        self.text = f"loss {loss:.4f}{validated} - {left:.0f} s left"
        if self.bar:
            self.bar.update(self.task, completed=done, description=self.text, epoch=f"{done}/{self.n_epochs}")
        elif time.monotonic() - self.last_line >= self.SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            say(f"epoch {done}/{self.n_epochs} - {self.text}")
        return False

    def on_progress(self, progress: "Progress") -> bool:
        """Of a portfolio: the share of its work that is done, and the loss of the kinds of members that are finished."""
        elapsed = time.monotonic() - self.started
        left = elapsed / progress.share - elapsed if progress.share else math.inf
        if self.time_limit:
            left = min(left, max(self.time_limit - elapsed, 0))
        losses = ", ".join(f"{name} {loss:.4f}" for name, loss in progress.losses.items())
        self.text = (f"out-of-fold loss: {losses} - " if losses else "") + (f"{left:.0f} s left" if math.isfinite(left) else "starting")
        members = f"member {min(progress.n_done + 1, progress.n_tasks)}/{progress.n_tasks}"
        if self.bar:
            self.bar.update(self.task, total=1.0, completed=progress.share, description=self.text, epoch=members.removeprefix("member "))
        elif time.monotonic() - self.last_line >= self.SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            say(f"{members} - {self.text}")
        return False

    def on_poll(self, epoch: int, rows_done: int) -> bool:
        if self.bar and rows_done >= 0:
            self.bar.update(self.task, completed=epoch + rows_done / self.n_rows)
        return False
