"""A search while it runs: a board on a terminal, a line a trial otherwise."""

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from normexp.cli._console import say
from normexp.cli._shown import shown_lines
from normexp_command.signals import raising

if TYPE_CHECKING:
    from normexp.experiments import Ending, Session, Trial

__all__ = ["SearchProgress"]

LAST, FIRST = 5, 5  # trials that are shown
WEIGH_EVERY = 5.0  # seconds between looks at which settings matter


class SearchProgress:
    """Runs a session; an interrupt inside ends the search, with the best so far."""

    def __init__(self, session: "Session", seconds: float | None, n_trials: int | None, started: float) -> None:
        self.session, self.n_trials, self.started = session, n_trials, started
        self.seconds = None if seconds is None else max(seconds - (time.monotonic() - started), 0.001)
        self.began, self.n_told, self.n_before = time.monotonic(), len(session.study.trials()), len(session.study.trials())
        self.best: Trial | None = min((t for t in session.study.trials() if t.state == "complete"), key=lambda t: t.value, default=None)
        self.live: Any = None
        self.starts: dict[str, Mapping[str, Any]] = {}
        self.matters, self.weighed = "", time.monotonic()
        self.open = ExitStack()

    def __enter__(self) -> "SearchProgress":
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self.live = Live(console=Console(file=sys.stderr), auto_refresh=False, transient=True)
            self.open.enter_context(self.live)
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def run(self, *, single: bool) -> "tuple[str, Ending | None]":
        """Why it ended, and with what. The first interrupt ends the search, a second one the process."""
        stopped = "interrupted"
        with suppress(KeyboardInterrupt), raising(once=True):  # one that comes between two steps is no less an interrupt
            stopped = self.session.run(self.n_trials, self.seconds, self._look)
        self._look()
        if stopped == "storage":
            say(f"error: {self.session.search.failure}; the search ends, the best so far is kept")
        if stopped == "interrupted":
            self._say_interrupted()
            return stopped, self.session.ending(single=single)
        with suppress(KeyboardInterrupt), raising(once=True):
            return stopped, self.session.ending(single=single)
        self._say_interrupted()
        return "interrupted", self.session.ending(single=single)

    def _say_interrupted(self) -> None:
        self.open.close()
        say("interrupted: the best so far is combined and saved; once more quits at once")

    def _look(self) -> bool:
        trials = self.session.study.trials()
        for n, trial in enumerate(trials[self.n_told :], self.n_told + 1):
            if trial.state == "complete" and (self.best is None or trial.value < self.best.value):
                self.best = trial
            if self.live is None:
                say(f"{n}{f'/{self.n_trials + self.n_before}' if self.n_trials else ''} {self._line(trial)}; best {self._value(self.best)}, {self._left(n)}")
        self.n_told = len(trials)
        if self.live is not None:
            from rich.text import Text

            self.live.update(Text(shown_lines("\n".join(self._board(trials)))), refresh=True)
        return False

    def _board(self, trials: "list[Trial]") -> list[str]:
        from normexp.experiments import WORDS

        ended, pruned = (sum(trial.state == state for trial in trials) for state in ("complete", "pruned"))
        name = WORDS[self.session.study.about.metric]
        found = [f"{len(trials)} trials, {pruned} stopped early, {len(trials) - ended - pruned} diverged or failed; {self._left(len(trials))}"]
        best = sorted((trial for trial in trials if trial.state == "complete"), key=lambda trial: (trial.value, trial.number))[:FIRST]
        found += ["", f"best so far ({name} of rows that they had not seen, 95 % interval)"]
        found += [f"  {trial.value:.4f} ({trial.low:.4f} to {trial.high:.4f})  {self._line(trial, value=False)}" for trial in best] or ["  none has come to its end yet"]
        found += ["", "last"] + [f"  {self._line(trial)}" for trial in trials[-LAST:][::-1]]
        if time.monotonic() > self.weighed + WEIGH_EVERY:
            self.matters, self.weighed = self._what_matters(trials), time.monotonic()
        return found + (["", self.matters] if self.matters else [])

    def _what_matters(self, trials: "list[Trial]") -> str:
        from normexp.experiments import board_of

        board = board_of(self.session.study.about, trials)
        lines = [f"what matters in {family}: " + ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda one: -one[1])[:3])
                 for family, shares in board.importances.items()]  # fmt: skip
        return "\n".join(lines)

    def _line(self, trial: "Trial", *, value: bool = True) -> str:
        from normexp.experiments import settings_in_words

        ended = self._value(trial) if trial.state == "complete" else {"pruned": "stopped early"}.get(trial.state, trial.state)
        words = f"{trial.how.name}, {trial.how.family}" + (f": {ended}" if value else "")
        return f"{words}; {settings_in_words(trial, self.starts.setdefault(trial.how.family, trial.settings))}"[:160]

    def _value(self, trial: "Trial | None") -> str:
        return "-" if trial is None else f"{trial.value:.4f}"

    def _left(self, n: int) -> str:
        elapsed = time.monotonic() - self.began
        left = [] if self.seconds is None else [self.seconds - elapsed]
        if self.n_trials and n > self.n_before:
            left.append(elapsed / (n - self.n_before) * (self.n_trials - n + self.n_before))
        return f"{elapsed:.0f} s, {max(min(left), 0):.0f} s left" if left else f"{elapsed:.0f} s"

