"""Mutated model files: a refusal in words or a model that answers, in bounded time and memory.

Some 1,000 of each kind in an ordinary run; NORMEXP_FUZZ says how many (make fuzz: 20,000).
"""

import os
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forging import forged, parts_of
from model_file_mutations import bytewise, resealed, structured
from normexp import ModelFileError, SoftmaxClassifier, load, save
from normexp.saving import info, load_model
from normexp.tables import Table

N_MUTATIONS = int(os.environ.get("NORMEXP_FUZZ", 1_000))
GOLDEN = Path(__file__).parent.parent / "golden"
MOST_SECONDS, MOST_GROWTH = 10.0, 400 * 2**20  # of one file; of the process. A busy machine is slow


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Small files of both formats: a table with columns of all kinds, arrays with labels of several types."""
    rng, folder, n = np.random.default_rng(0), tmp_path_factory.mktemp("bases"), 60
    frame = pd.DataFrame({
        "word": rng.choice(["p", "q", "r"], n), "x": np.where(rng.random(n) < 0.2, np.nan, rng.standard_normal(n)), "flag": rng.random(n) < 0.5,
        "day": pd.date_range("2001-02-03", periods=n, freq="31h"),
    })  # fmt: skip
    fits = [
        SoftmaxClassifier((4,), epochs=2, random_state=0, quality="fast").fit(frame, rng.choice(["a", "b", "c"], n)),
        SoftmaxClassifier((), epochs=1, random_state=0, quality="fast").fit(frame[["x"]].to_numpy(), rng.random(n) < 0.5),
        SoftmaxClassifier((3, 2), epochs=1, quality="fast").fit(rng.standard_normal((n, 3)), rng.choice(np.array(["u", "v"], object), n)),
        SoftmaxClassifier((2,), epochs=1, quality="fast").fit(rng.standard_normal((n, 2)), rng.choice([0.0, 1.0, 5.0], n)),
    ]
    for i, fitted in enumerate(fits):
        save(fitted, folder / str(i), scores={"accuracy": 0.5})
    second = [(folder / str(i)).read_bytes() for i in range(len(fits))]
    first = [(GOLDEN / f"{name}.safetensors").read_bytes() for name in ("penguins", "wine-quality-linear", "digits-missing")]
    for content in (second[0], second[1]):  # the same as format 1
        parts = parts_of(content)
        parts.description["format"] = 1
        first.append(forged(parts))
    return second + first


class Watched:
    """What the process opens, imports and runs while a file is read; a hook of the interpreter cannot be taken away again, only silenced."""

    EVENTS = ("open", "import", "exec", "compile", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "ctypes.dlopen", "socket.connect", "sqlite3.connect")

    def __init__(self, path):
        self.path, self.active, self.seen = str(path), False, []
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if self.active and event in self.EVENTS and not (event == "open" and (str(arguments[0]) == self.path or isinstance(arguments[0], int))):
            self.seen.append((event, arguments))


def rows_for(model, rng):
    x = rng.standard_normal((5, len(model.encoder.n_codes))) * 10.0 ** rng.integers(-3, 30)
    x[0], x[1], x[2] = np.nan, 3e38, -1
    return x.astype(np.float32)


def assert_answers(probabilities, n_classes):
    assert probabilities.shape == (5, n_classes)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def read_and_answer(path, watched, numbers):
    """False for a refusal by all three readers, True for a model that answers."""
    answers, refusals = [], []
    for read in (info, load_model, load):
        watched.active = True
        try:
            answers.append(read(path))
        except ModelFileError as error:
            refusals.append(str(error))
        finally:
            watched.active = False
    assert len(answers) == 3 or len(set(refusals)) == 1, "the three readers disagree"
    if refusals:
        assert refusals[0].startswith("expected ")
        assert len(refusals[0]) < 2_000
        return False
    described, model, estimator = answers
    x = rows_for(model, numbers)
    watched.active = True
    assert_answers(model.probabilities(x), len(described.classes))
    assert_answers(estimator.predict_proba(Table(model.schema, x) if model.schema else x), len(described.classes))
    estimator.predict(Table(model.schema, x) if model.schema else x)
    watched.active = False
    return True


def run(make, seed, bases, path):
    """Accepted and refused files; nothing but these may happen."""
    rng, numbers, watched = random.Random(seed), np.random.default_rng(seed), Watched(path)
    for content in bases:  # what is imported at first use is imported now
        path.write_bytes(content)
        assert read_and_answer(path, watched, numbers)
    watched.seen.clear()
    before, slowest, accepted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0.0, 0
    for i in range(N_MUTATIONS):
        content = rng.choice(bases)
        changed = make(rng, content)
        path.write_bytes(changed)
        start = time.perf_counter()
        try:
            answered = read_and_answer(path, watched, numbers)
        except Exception as error:
            path.with_name(f"crash-{i}").write_bytes(changed)
            error.add_note(f"mutation {i} of seed {seed}, kept as {path.with_name(f'crash-{i}')}")
            raise
        slowest, accepted = max(slowest, time.perf_counter() - start), accepted + answered
        assert not (answered and make is bytewise and b"sha256" in content[:40] and changed != content), f"mutation {i} was not seen"
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    print(f"{make.__name__}: {N_MUTATIONS} files, {accepted} accepted, slowest {slowest:.3f} s, memory grew by {growth / 2**20:.0f} MiB")
    assert watched.seen == []
    assert slowest < MOST_SECONDS
    assert growth < MOST_GROWTH
    return accepted


@pytest.mark.parametrize(("make", "seed"), [(structured, 1), (bytewise, 2), (resealed, 3)], ids=["structured", "bytewise", "resealed"])
def test_no_file_does_harm(make, seed, bases, tmp_path):
    accepted = run(make, seed, bases, tmp_path / "model")
    assert accepted < N_MUTATIONS / 2
    assert accepted > N_MUTATIONS / 200 or make is not structured  # mutations reach the checks, and what is behind them
