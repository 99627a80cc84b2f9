"""The page's lines of Python give what it says, and its network is the one of its program."""

import json
import re

import numpy as np

from normexp import functional
from normexp.learn import write_page
from normexp.learn._examples import run_examples
from normexp.learn._network import PROGRAM, record_network


def test_every_line_gives_what_is_shown():
    for chapter, examples in run_examples().items():
        names = {"np": np, **{name: getattr(functional, name) for name in functional.__all__}}
        for example in examples:
            with np.errstate(all="ignore"):
                if not example.result:
                    exec(example.line, names)
                    continue
                value = eval(example.line, names)
            shown = eval(example.result, {"array": np.array, "nan": np.nan, "inf": np.inf})
            np.testing.assert_allclose(np.asarray(shown, float), np.asarray(value, float), rtol=1e-7, atol=5e-9, err_msg=f"{chapter}: {example.line}")


def test_the_recorded_network_is_that_of_the_program():
    found = record_network()
    assert len(found["epochs"]) == 31
    assert {len(weights) for weights in found["epochs"]} == {2 * 12 + 12 + 12 * 8 + 8 + 8 * 4 + 4}
    assert found["accuracy"] == 1
    assert found["loss"] < 0.02
    names = {"callbacks": []}
    exec(PROGRAM, names)
    assert names["loss"] == found["loss"]
    last = np.concatenate([np.ravel(part) for part in names["model"].get_weights()])
    np.testing.assert_allclose(found["epochs"][-1], last, rtol=1e-4, atol=1e-9)
    assert found["history"]["loss"][0] > 10 * found["history"]["loss"][-1]


def test_the_page_is_one_small_file(tmp_path):
    write_page(tmp_path / "p.html")
    text = (tmp_path / "p.html").read_text("utf-8")
    assert len(text.encode()) < 300_000
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL).group(1))
    assert len(data["points"]) == len(data["targets"]) == 250
    write_page(tmp_path / "q.html")
    assert (tmp_path / "q.html").read_text("utf-8") == text
