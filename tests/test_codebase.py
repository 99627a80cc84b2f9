"""The rules of the code base that a tool can see."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import normexp

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PACKAGES = sorted(path.parent for path in (ROOT / "src/normexp").rglob("__init__.py"))
MAX_LINES, MAX_BODY = 400, 40


def files() -> list[Path]:
    listed = [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "native").rglob("*"), *(ROOT / "benchmarks").glob("*.py")]
    return [path for path in listed if path.is_file()]


def test_files_are_short():
    long = {str(path.relative_to(ROOT)): n for path in files() if (n := len(path.read_text().splitlines())) > MAX_LINES}
    assert long == {}


def test_function_bodies_are_short():
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                has_docstring = ast.get_docstring(node) is not None
                first = node.body[min(has_docstring, len(node.body) - 1)].lineno
                if node.body[-1].end_lineno - first + 1 > MAX_BODY:
                    long.append(f"{path.name}:{node.name}")
    assert long == []


def test_native_is_imported_by_the_rooms_that_compute():
    importers = {path.parent.name for path in SOURCES if re.search(r"^\s*(import|from) normexp\._native|import _native", path.read_text(), re.MULTILINE)}
    assert importers == {"functional", "network", "tables"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_all_is_sorted_and_exact(package):
    module = importlib.import_module(".".join(package.relative_to(ROOT / "src").parts))
    assert list(module.__all__) == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


def test_every_version_is_the_same():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert normexp.__version__ == declared
    assert f"[{declared}]" in (ROOT / "CHANGELOG.md").read_text()


def test_import_loads_nothing_heavy():
    heavy = {"sklearn", "scipy", "matplotlib", "duckdb", "narwhals", "rich", "click", "pandas", "safetensors"}
    code = "import sys, normexp; assert 'numpy.random' not in sys.modules; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert "normexp" in loaded
    assert heavy & loaded == set()


def test_public_names_of_the_root_resolve():
    assert {name for name in normexp.__all__ if getattr(normexp, name) is not None} == set(normexp.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = normexp.nothing


def test_no_pyi_shadows_the_compiled_module():
    assert list((ROOT / "src").rglob("_native.pyi")) == []
    assert Path(sys.modules["normexp._native"].__file__).suffix == ".so"
