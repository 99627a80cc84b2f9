"""The rules of the code base that a tool can see."""

import ast
import importlib
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import normexp

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PACKAGES = sorted(path.parent for path in (ROOT / "src/normexp").rglob("__init__.py"))
MAX_LINES, MAX_MEDIAN, MAX_BODY = 400, 120, 40


def files() -> list[Path]:
    listed = [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "native").rglob("*"), *(ROOT / "benchmarks").glob("*.py")]
    return [path for path in listed if path.is_file()]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path) for path in SOURCES} | {"normexp._native"}


def known_module(name: str) -> str | None:
    """The module of ours that a name is, or is out of; the package itself only where it is asked for its own names."""
    return name if name in MODULES else parent if (parent := name.rpartition(".")[0]) in MODULES else None


def imported_names(path: Path) -> set[str]:
    """All that a file imports of ours, by full name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: expected imports by full names"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("normexp", "normexp_command")}


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


def native_bodies(text: str) -> dict[str, int]:
    """The lines between the braces of each outermost function, by its first line."""
    found, depth, start = {}, 0, None
    for i, line in enumerate(text.splitlines()):
        code = re.sub(r"//.*|'(\\.|[^'\\])'|\"(\\.|[^\"\\])*\"", "", line)
        for sign in re.findall(r"[{}]", code):
            depth += 1 if sign == "{" else -1
            if sign == "{" and start is None and "(" in code and not re.match(r"\s*(namespace|struct|class|enum|extern)\b", code):
                start = i, depth - 1, line.strip()
            elif sign == "}" and start is not None and depth == start[1]:
                found[start[2]], start = i - start[0] - 1, None
    return found


def test_bodies_of_native_functions_are_short():
    assert native_bodies("struct A {\n  int f() {\n    if (x) { '{'; }\n    return 1;  // }\n  }\n};\n") == {"int f() {": 2}
    bodies = {f"{path.name}: {name}": n for path in (ROOT / "native").rglob("*.[ch]pp") for name, n in native_bodies(path.read_text()).items()}
    assert len(bodies) > 300
    assert {name: n for name, n in bodies.items() if n > MAX_BODY} == {}


def test_files_have_one_idea_most_of_all():
    """Half of them have at most 120 lines: of the Python package, of the core, of the tests."""
    for folder, endings in (("src", {".py"}), ("native", {".hpp", ".cpp"}), ("tests", {".py"})):
        lines = [len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*") if path.suffix in endings]
        assert statistics.median(lines) <= MAX_MEDIAN, folder


def test_native_is_imported_by_the_rooms_that_compute():
    importers = {path.relative_to(ROOT / "src/normexp").parts[0] for path in SOURCES if "normexp._native" in imported_names(path)}
    assert importers == {"functional", "network", "tables", "trees"}


def test_no_module_is_in_a_circle():
    """Imports for type checkers and those inside functions are counted."""
    left = {name_of(path): {found for name in imported_names(path) if (found := known_module(name)) and found != name_of(path)} for path in SOURCES}
    while leaves := {name for name, targets in left.items() if not targets & set(left)}:
        left = {name: targets for name, targets in left.items() if name not in leaves}
    assert left == {}


def test_private_files_are_read_by_their_own_room_alone():
    """_name.py belongs to the folder that it lies in, with all below."""
    wrong = set()
    for path in SOURCES:
        for name in imported_names(path):
            parts = (known_module(name) or "").split(".")
            owners = [".".join(parts[:i]) for i, part in enumerate(parts) if part.startswith("_") and i > 1]
            wrong |= {f"{name_of(path)} -> {name}" for owner in owners if not f"{name_of(path)}.".startswith(f"{owner}.")}
    assert wrong == set()


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
