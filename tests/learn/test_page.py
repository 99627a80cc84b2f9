"""The page's lines of Python give what it says, by themselves, and its network is the one of its program."""

import html
import json
import re

import numpy as np
import pytest

from normexp.learn import write_page
from normexp.learn._examples import EXAMPLES, WIDTH, rounded, run_examples, with_imports
from normexp.learn._network import PROGRAM, record_network


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("learn") / "softmax.html"
    write_page(path)
    return path.read_text("utf-8")


def pieces(page, language):
    """The text of each block of code as a browser shows it."""
    found = re.findall(rf'<pre tabindex="0" aria-label="{language}"><code>(.*?)</code></pre>', page, re.DOTALL)
    return [html.unescape(re.sub("<[^>]+>", "", text)) for text in found]


def significant_digits(number):
    mantissa = re.split("[eE]", number)[0]
    return len(mantissa.replace(".", "").lstrip("0")) if "." in mantissa else len(mantissa.strip("0"))


def test_every_line_gives_what_is_shown():
    for chapter, examples in run_examples().items():
        names = {}
        for example in examples:
            with np.errstate(all="ignore"):
                if not example.result:
                    exec(example.line, names)
                    continue
                value = eval(example.line, names)
            shown = eval(example.result, {"nan": np.nan, "inf": np.inf})
            np.testing.assert_allclose(np.asarray(shown, float), np.asarray(value, float), rtol=5.1e-6, err_msg=f"{chapter}: {example.line}")
        assert [example.line for example in examples][-len(EXAMPLES[chapter]) :] == list(EXAMPLES[chapter])


def test_imports_are_those_that_the_lines_use():
    assert with_imports(("softmax(z)",)) == ["from normexp import softmax", "softmax(z)"]
    assert with_imports(("z = [1.0]",)) == ["z = [1.0]"]
    assert with_imports(("np.exp(1)", "softmax_jacobian(z)", "sigmoid(1)"))[:3] == [
        "import numpy as np", "from normexp import sigmoid", "from normexp.functional import (\n    softmax_jacobian,\n)",
    ]  # fmt: skip


def test_each_piece_of_python_runs_as_it_stands(page):
    """From nothing, results and all; there is no prompt in it."""
    found = pieces(page, "Python")
    assert len(found) == len(EXAMPLES) + 2
    for piece in found:
        assert re.match("import|from", piece), piece
        assert ">>>" not in piece
        with np.errstate(all="ignore"):
            exec(piece, {})


def test_code_fits_a_narrow_screen(page):
    for piece in [*pieces(page, "Python"), *pieces(page, "Shell")]:
        assert [line for line in piece.splitlines() if len(line) > WIDTH + 1] == []


def test_no_number_has_more_than_six_digits(page):
    assert [significant_digits(n) for n in ("0.00692518", "8.21841e+307", "1000.0", "1234567", "1.0000001")] == [6, 6, 5, 7, 8]
    text = re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style|head).*?</\1>", "", page, flags=re.DOTALL))
    numbers = re.findall(r"\d+(?:\.\d+)?(?:e[+-]\d+)?", text)
    assert len(numbers) > 100
    assert [number for number in numbers if significant_digits(number) > 6] == []
    assert (rounded(2 / 3), rounded(1e9), rounded(float("inf"))) == ("0.666667", "1000000000.0", "inf")


def test_formulas_are_mathml_in_one_font(page):
    assert not re.search(r"<su[bp]>", page)
    assert re.search(r'--math: "STIX Two Math", "Cambria Math", "Latin Modern Math",[^;]* math;', page)
    assert re.findall(r"(?<![\w.-])math \{ font-family: ([^;]*);", page) == ["var(--math)"]


def test_the_recorded_network_is_that_of_the_program():
    found = record_network()
    assert len(found["epochs"]) == 31
    assert {len(weights) for weights in found["epochs"]} == {2 * 12 + 12 + 12 * 8 + 8 + 8 * 4 + 4}
    assert found["accuracy"] == 1
    assert found["loss"] < 0.02
    assert found["classes"] == ["0", "1", "2", "3"]
    names = {"callbacks": []}
    exec(PROGRAM, names)
    assert names["loss"] == found["loss"]
    last = np.concatenate([np.ravel(part) for part in names["model"].get_weights()])
    np.testing.assert_allclose(found["epochs"][-1], last, rtol=1e-4, atol=1e-9)
    assert found["history"]["loss"][0] > 10 * found["history"]["loss"][-1]


def test_the_program_that_is_shown_gives_the_loss_that_is_shown(page):
    program = next(piece for piece in pieces(page, "Python") if "keras" in piece)
    names = {}
    exec(program, names)
    assert program.splitlines()[-1] == f"# ({rounded(names['loss'])}, {names['accuracy']})"
    assert f"with a loss of {rounded(names['loss'])}." in page
    assert pieces(page, "Python")[-1].splitlines()[-1] == f"# {rounded(np.exp(-names['loss']))}"


def test_the_page_is_one_small_file(page, tmp_path):
    assert len(page.encode()) < 150_000
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))
    assert len(data["points"]) == len(data["targets"]) == 250
    write_page(tmp_path / "q.html")
    assert (tmp_path / "q.html").read_text("utf-8") == page
