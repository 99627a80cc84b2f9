"""Columns that name a row, and free text, are left out with a word; what only looks a little like them stays."""

import numpy as np
import pandas as pd
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import CASES, kinds, quietly, told

N = 400
RNG = np.random.default_rng(0)
LABELS = np.array(["p", "q"])[RNG.integers(0, 2, N)]
GOOD = RNG.normal(size=N).round(3)
SENTENCES = ["the food was cold and late", "a friendly place with music", "we waited for an hour outside", "nothing to complain about here", "the best soup in this town"]


def table_of(name, cells, as_text, tmp_path):
    frame = pd.DataFrame({name: cells, "good": GOOD[: len(cells)], "y": LABELS[: len(cells)]})
    if not as_text:
        return frame
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


LEFT_OUT = {
    "from 0": ("n", np.arange(N), r"it counts the rows \(0, 1, 2, …\), like an identifier"), "from 1": ("PassengerId", np.arange(N) + 1, r"it counts the rows \(1, 2, 3, …\)"),
    "backwards": ("n", np.arange(N)[::-1], "it counts the rows"), "in steps of 7": ("n", 7 * np.arange(N) + 7590, r"it counts the rows \(7590, 7597, 7604, …\)"),
    "shuffled": ("n", RNG.permutation(N) + 5, "it has a different whole number in every row, from 5 to 404"),
    "with gaps": ("n", np.sort(RNG.choice(N * 14 // 10, N, replace=False)), "it has a different whole number in every row"),
    "sparse, named": ("customer_id", RNG.choice(10**9, N, replace=False), r"it has 400 different whole numbers in 400 rows"),
    "some twice, named": ("orderID", np.r_[RNG.choice(10**9, N - 9, replace=False), [5] * 9], "it has 392 different whole numbers in 400 rows"),
    "key": ("key", RNG.choice(10**6, N, replace=False), "it has 400 different whole numbers in 400 rows"),
    "unique texts": ("n", [f"A{i * 7919 % 10007}" for i in range(N)], "it has a different text in every row"),
    "nearly unique texts": ("ticket", [f"A{i}" for i in range(N - 1)] + ["A0"], "it has 399 different texts in 400 rows"),
    "some twice": ("name", [f"A{i}" for i in range(N - 15)] + ["A0"] * 15, "it has 385 different texts in 400 rows"),
}  # fmt: skip


@pytest.mark.parametrize("as_text", [False, True], ids=["typed", "text"])
@pytest.mark.parametrize("kind", LEFT_OUT)
def test_identifiers_are_left_out_and_may_be_kept(kind, as_text, tmp_path):
    name, cells, reason = LEFT_OUT[kind]
    source = table_of(name, cells, as_text, tmp_path)
    table = told(source, rf"^column '{name}' is left out: {reason}.*; --keep-column", target="y")
    assert kinds(table) == {"good": "number"}
    kept = quietly(source, target="y", keep_columns=[name])
    assert list(kinds(kept)) == [name, "good"]
    if not isinstance(cells, list):
        np.testing.assert_array_equal(kept.matrix[:, 0], np.float32(cells - kept.schema.columns[0].centre))


STAY = {
    "fractions": ("n", np.arange(N) / 4), "measures": ("income", RNG.choice(10**9, N, replace=False)), "ages": ("age", RNG.integers(0, 90, N)),
    "some twice": ("n", np.r_[np.arange(N - 40), np.arange(40)]),
    "names in numbers": ("grid", RNG.choice(10**9, N, replace=False)), "postcodes": ("postcode", [f"{i % 90:05d}" for i in range(N)]),
    "few words": ("city", [f"city {i % 50}" for i in range(N)]),
    "half unique": ("n", [f"A{i // 2}" for i in range(N)]), "a hole": ("n", np.where(np.arange(N) == 7, np.nan, np.arange(N))), "few rows": ("id", np.arange(15)),
    "few texts": ("id", [f"A{i}" for i in range(15)]),
    "dates": ("day", [f"2020-01-01 00:{i // 60:02d}:{i % 60:02d}" for i in range(N)]),
}  # fmt: skip


@pytest.mark.parametrize("as_text", [False, True], ids=["typed", "text"])
@pytest.mark.parametrize("kind", STAY)
def test_other_columns_stay(kind, as_text, tmp_path):
    name, cells = STAY[kind]
    assert list(kinds(quietly(table_of(name, cells, as_text, tmp_path), target="y"))) == [name, "good"]


@pytest.mark.parametrize("n_different", [N, 150])
def test_free_text_is_recognised_and_said_to_be_unsupported(n_different, tmp_path):
    cells = [f"{SENTENCES[i % 5]}, number {i % n_different}" for i in range(N)]
    source = table_of("review", cells, True, tmp_path)
    told(source, r"^column 'review' is left out: it holds free text \((7|8) words a cell\), which is not supported; make numbers or categories of it first", target="y")
    assert list(kinds(quietly(source, target="y", keep_columns=["review"]))) == ["review", "good"]


def test_sentences_that_are_few_are_categories(tmp_path):
    assert kinds(told(table_of("review", [SENTENCES[i % 5] for i in range(N)], True, tmp_path), target="y"))["review"] == "category"


def test_declared_categories_are_never_left_out():
    frame = pd.DataFrame({"id": pd.Categorical([f"A{i}" for i in range(200)]), "y": LABELS[:200]})
    assert list(kinds(told(frame, target="y"))) == ["id"]


def test_an_identifier_is_judged_by_the_rows_that_are_kept(tmp_path):
    """Rows without a target do not hide it, in text as in typed columns."""
    labels = np.where(np.arange(N) % 5 == 0, None, LABELS)
    frame = pd.DataFrame({"n": np.arange(N), "good": GOOD, "y": labels})
    frame.to_csv(tmp_path / "t.csv", index=False)
    for source in (frame, tmp_path / "t.csv"):
        table = told(source, "80 rows without a target dropped", "column 'n' is left out: it has a different whole number in every row, from 1 to 399", target="y")
        assert list(kinds(table)) == ["good"]


def test_an_identifier_that_is_all_there_is_is_used_with_a_word():
    table = told(pd.DataFrame({"n": np.arange(N), "y": LABELS}), r"column 'n' is all that there is to learn from, though it counts the rows \(0, 1, 2, …\), like an identifier$",
        target="y")
    assert list(kinds(table)) == ["n"]
    with pytest.raises(DataError, match=r"expected at least one column to learn from, got none besides the target .*column 'n' is left out: it has a different text in every row"):
        read(pd.DataFrame({"n": [f"A{i}" for i in range(N)], "y": LABELS}), target="y")


def test_columns_to_keep_must_be_there():
    with pytest.raises(DataError, match=r"expected a column named 'idd' as column to keep, got a table with columns 'id', 'y'.*; did you mean 'id'"):
        read(pd.DataFrame({"id": np.arange(N), "y": LABELS}), target="y", keep_columns=["idd"])


def test_the_case_of_both_kinds():
    table = quietly(CASES / "answer-column-and-ids.csv", target="churn", keep_columns=["id", "name"])
    assert list(kinds(table))[-3:] == ["closed_on", "id", "name"]
