"""The files of a table answered one by one, into a folder: each whole or not at all, in any order, on any worker."""

import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click

from normexp._atomic import replaced
from normexp._checks import counted, listing
from normexp._version import __version__
from normexp.cli._answering import Answered, Answering
from normexp.cli._clustering import executor_of
from normexp.cli._console import say, say_notes
from normexp.errors import DataError

__all__ = ["predict_parts"]

MANIFEST = "manifest.json"
MOST_BYTES = 2**28  # of a manifest
MOST_OF_THE_TIME = 20  # a manifest of very many parts is written when that many times as long has passed as it takes
MOST_NOTES = 10
BETWEEN_LINES = 5.0  # seconds
ENDINGS = (".gz", ".zip", ".bz2", ".xz", ".zst")
STAR = ("*", "?", "[")


@dataclass(frozen=True)
class Part:
    """A file of the table, as it was when the work began, and where its answers go."""

    name: str  # of the output, below the folder
    file: Path
    output: Path
    size: int
    modified: int  # nanoseconds

    def check(self) -> None:
        """Raises DataError where the file is not as it was when the work began."""
        found = self.file.stat() if self.file.exists() else None
        if found is None or (found.st_size, found.st_mtime_ns) != (self.size, self.modified):
            raise DataError(f"expected {self.file} to stay as it is while it is answered, got one that has changed or is gone; start again when it is complete")


@dataclass
class Manifest:
    """What a folder holds: by which model and options it was made, and which parts are done. Nothing but comparisons is made of what is read from it."""

    path: Path
    made_by: Mapping[str, Any]
    done: dict[str, dict[str, Any]] = field(default_factory=dict)  # by the name of the output in the folder
    written: float = 0.0  # when
    took: float = 0.0  # seconds, to write it

    @staticmethod
    def of(folder: Path, made_by: Mapping[str, Any]) -> "Manifest":
        """That of the folder, or a new one. Raises DataError where it is of other work, or where the folder has files and no manifest."""
        path = folder / MANIFEST
        if not path.exists():
            if folder.exists() and any(not one.name.startswith(".") for one in folder.iterdir()):
                raise DataError(f"expected an empty folder, or one of these predictions, got one with other files and no {MANIFEST} ('{folder}'); choose another folder")
            return Manifest(path, made_by)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError
            found = json.loads(path.read_text())
            done = {one["output"]: {name: one[name] for name in ("part", "size", "modified", "rows", "bytes")} for one in found["parts"]}
            before = found["made_by"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"expected a {MANIFEST} as predict writes it, got another ('{path}'); choose another folder, or remove it and start anew") from error
        if before != json.loads(json.dumps(made_by)):
            differ = [name for name in made_by if not isinstance(before, dict) or before.get(name) != json.loads(json.dumps(made_by[name]))]
            raise DataError(f"expected predictions by the same model and options in '{folder}', got others ({listing(differ)} differ); choose another folder, or remove this one")
        return Manifest(path, made_by, done)

    def has(self, part: Part) -> bool:
        """Is it done, from the file as it is now, and are its answers there?"""
        found = self.done.get(part.name)
        return found is not None and self._line(part, found["rows"], found["bytes"]) == found and part.output.is_file() and part.output.stat().st_size == found["bytes"]

    def add(self, part: Part, n_rows: int) -> None:
        self.done[part.name] = self._line(part, n_rows, part.output.stat().st_size)
        if time.monotonic() - self.written > MOST_OF_THE_TIME * self.took:
            self.write()

    def write(self) -> None:
        started = time.monotonic()
        text = json.dumps({"made_by": self.made_by, "parts": [{"output": name, **line} for name, line in sorted(self.done.items())]}, indent=1)
        with replaced(self.path) as target:
            target.write_text(text)
        self.written = time.monotonic()
        self.took = self.written - started

    def _line(self, part: Part, n_rows: int, n_bytes: int) -> dict[str, Any]:
        return {"part": str(part.file), "size": part.size, "modified": part.modified, "rows": n_rows, "bytes": n_bytes}


def predict_parts(answering: Answering, table: str, folder: Path, model: str, asked: Mapping[str, Any], cluster: str | None) -> None:
    """Every file of the table, into a file of the same name in the folder; those that are done already are left as they are."""
    _refuse_other_tables(table, folder)
    root = _root(table)
    parts = _parts(table, root, folder, [model, *([asked["costs"]] if asked["costs"] else [])])
    made_by = {"normexp": __version__, "model": hashlib.sha256(Path(model).read_bytes()).hexdigest(), "table": str(root.resolve()), "options": _plain(asked)}
    manifest = Manifest.of(folder, made_by)
    waiting = [part for part in parts if not manifest.has(part)]
    if len(waiting) < len(parts):
        say(f"{counted(len(parts) - len(waiting), 'part')} of {len(parts)} in {folder} already" + ("; going on with the others" if waiting else ": nothing to do"))
    for part in waiting:
        part.output.parent.mkdir(parents=True, exist_ok=True)
    notes, n_rows = Counter[str](), 0
    with _progress(waiting) as told:

        def take(i: int, answered: Answered) -> None:
            nonlocal n_rows
            manifest.add(waiting[i], answered.n_rows)
            n_rows += answered.n_rows
            notes.update(set(answered.notes))
            told(waiting[i], n_rows)

        try:
            with executor_of(cluster if waiting else None) as executor:
                if executor is None:
                    for i, part in enumerate(waiting):
                        take(i, _answered(answering, part))
                else:
                    executor.each(_answered, answering, {f"predict {part.name}": part for part in waiting}, take)
        finally:
            if manifest.done and waiting:
                manifest.write()
    say_notes(f"{note} ({counted(n, 'part')})" for note, n in notes.most_common(MOST_NOTES))
    if len(notes) > MOST_NOTES:
        say(f"{len(notes) - MOST_NOTES} further notes, each of fewer parts")
    if waiting:
        say(f"{counted(n_rows, 'row')} of {counted(len(waiting), 'part')} written to {folder}{os.sep}")


def _answered(answering: Answering, part: Part) -> Answered:
    """One part; raises DataError where it is not as it was when the work began."""
    part.check()
    return answering.write(str(part.file), part.output, check=part.check)


def _refuse_other_tables(table: str, folder: Path) -> None:
    if table == "-" or table.startswith("example:") or ("::" in table and not os.path.lexists(table)):
        raise click.UsageError(f"expected a file, or a glob such as 'parts/*.parquet', with a folder to write to, got '{table}'")
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"expected a folder to write to, got the file '{folder}'; choose another name")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"expected a folder to make '{folder}' in, got '{folder.parent}', which does not exist; create it first")


def _parts(table: str, root: Path, folder: Path, kept: list[str]) -> list[Part]:
    """The files of a path or a glob; their names below the folder are those below the root. Raises DataError where an output would be no new file of its own there."""
    from normexp.tables import files_of

    folder, files = folder.resolve(), files_of(table)  # a worker has another working folder
    found, outputs, read = list[Part](), dict[Path, Path](), {*(file.resolve() for file in files), *(Path(one).resolve() for one in kept)}
    for file in files:
        if file.resolve().is_relative_to(folder):
            raise DataError(f"expected a folder to write to that is not read from, got '{folder}', which has '{file}'; choose another one")
        below = file.relative_to(root)
        if ".." in below.parts:
            raise DataError(f"expected a glob without .. behind its first star, got '{table}'; name the files' own folder")
        name = _name(below)
        output = (folder / name).resolve()
        if not output.is_relative_to(folder) or output in read:
            raise DataError(f"expected answers of '{file}' to go to a file of their own in '{folder}', got a link there that leads to '{output}'; remove it")
        if output in outputs:
            raise DataError(f"expected parts with names of their own, got '{outputs[output]}' and '{file}', whose answers would both go to '{output}'; rename one")
        outputs[output] = file
        facts = file.stat()
        found.append(Part(str(name), file.resolve(), output, facts.st_size, facts.st_mtime_ns))
    return found


def _root(table: str) -> Path:
    """The folder of a file, or that of a glob up to its first star."""
    if os.path.lexists(table):
        return Path(table).parent
    pieces = Path(table).parts
    n = next(i for i, piece in enumerate(pieces) if any(star in piece for star in STAR))
    return Path(*pieces[:n])


def _name(file: Path) -> Path:
    """Answers of Parquet files are Parquet files, those of all others CSV."""
    while file.suffix.lower() in ENDINGS:
        file = file.with_suffix("")
    return file.with_suffix(".parquet" if file.suffix.lower() == ".parquet" else ".csv")


def _plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for; of a file of costs its content."""
    found = {name: value for name, value in sorted(asked.items()) if value not in (None, (), False)}
    if "costs" in found:
        found["costs"] = hashlib.sha256(Path(found["costs"]).read_bytes()).hexdigest()
    return found


@contextmanager
def _progress(parts: list[Part]) -> Iterator[Callable[[Part, int], None]]:
    """Told of a part and the rows so far: a bar on a terminal, a line now and then otherwise; time left goes by bytes."""
    started, total = time.monotonic(), max(sum(part.size for part in parts), 1)
    state = {"bytes": 0, "n": 0, "line": started}

    def told(bar: Any, part: Part, n_rows: int) -> None:
        state["bytes"] += part.size
        state["n"] += 1
        elapsed = time.monotonic() - started
        words = f"part {state['n']}/{len(parts)}, {n_rows:,} rows, {elapsed / state['bytes'] * (total - state['bytes']) if state['bytes'] else 0:.0f} s left"
        if bar is not None:
            bar.update(bar.task_ids[0], completed=state["bytes"], description=words)
        elif time.monotonic() - state["line"] >= BETWEEN_LINES:
            state["line"] = time.monotonic()
            say(words)

    if not sys.stderr.isatty():
        yield partial(told, None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(BarColumn(10), TextColumn("{task.description}"), console=Console(file=sys.stderr), transient=True) as bar:
        bar.add_task("starting", total=total)
        yield partial(told, bar)
