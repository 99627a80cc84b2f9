# demo, test, test-parity, fuzz, check, build, wheel-test, accuracy, bench: each sets up what it needs in .venv; quick the second time.
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install
QUIETLY := $(PIP) -q
OURS := $(QUIETLY) --no-build-isolation -e
# Packages that are compiled once, and not by each of the many processes of the tests.
export PYTHONDONTWRITEBYTECODE :=
NATIVE := $(wildcard native/* native/*/*) pyproject.toml

.PHONY: core needed demo test test-parity test-slow fuzz check build wheel-test sanitize accuracy bench clean

demo: .venv/installed
	@echo "== the tutorial's program: a network of four blobs, three pictures (4 s)"
	$(BIN)/normexp demo
	@echo "== a classifier of 1,797 small pictures of digits, tested on a quarter of them (8 s)"
	$(BIN)/normexp train example:digits -o demo/digits.safetensors
	@echo "== done: pictures and model are in the folder demo. To type normexp in this terminal, anywhere:"
	@echo 'export PATH="$(CURDIR)/$(BIN):$$PATH"'

test: .venv/test
	$(BIN)/python -m pytest -n auto -m "not slow and not parity"

# normexp.keras against Keras on JAX.
test-parity: .venv/parity
	$(BIN)/python -m pytest -n auto -m parity tests/keras tests/test_examples.py

# Files that were made to do harm, many of them; NORMEXP_FUZZ says how many of each kind.
fuzz: .venv/test
	NORMEXP_FUZZ=$${NORMEXP_FUZZ:-20000} $(BIN)/python -m pytest -q -s tests/fuzz

test-slow: .venv/test
	$(BIN)/python -m pytest -n auto -m "not parity"

check: .venv/check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_codebase.py

build: .venv/check
	rm -rf dist && $(BIN)/python -m build --no-isolation

# The wheel in an empty environment: it brings its dependencies, its types and a working core.
wheel-test: build
	rm -rf build/empty && $(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip install -q --disable-pip-version-check dist/normexp-*.whl
	cd build/empty && test "$$(bin/normexp explain 0.7 1.5 4.8 --json | grep -c 0.94925668)" = 1 && bin/normexp train example:iris -o iris.safetensors --report iris.html --json >/dev/null && bin/normexp learn \
	  && bin/python -c "import normexp, pathlib; assert (pathlib.Path(normexp.__file__).parent / 'py.typed').exists()" && echo "the wheel works"

# The native core under AddressSanitizer and UndefinedBehaviorSanitizer on every instruction set, then under ThreadSanitizer; some ten minutes.
sanitize:
	.ci/sanitize address,undefined tests/functional/test_[!np]*.py tests/network tests/trees
	.ci/sanitize thread tests/functional/test_arrays.py tests/network tests/trees

# The largest error of every function on every instruction set; ARGS=--all-floats takes exp through every float32.
accuracy: .venv/installed
	$(BIN)/python benchmarks/accuracy.py $(ARGS)

bench: .venv/installed
	$(OURS) ".[bench]"
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

# One editable install; it is compiled again when the native sources or the settings changed. What Python compiles of other packages waits until it is imported.
.venv/installed: $(NATIVE)
	@command -v g++ >/dev/null || command -v clang++ >/dev/null && $(PYTHON) -c 'import venv, ensurepip, sysconfig, os, sys; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' \
	  || { echo "normexp needs a C++ compiler, the Python headers and venv: apt-get install g++ make python3-dev python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "normexp needs Python 3.11 or newer, $(PYTHON) is older: make PYTHON=python3.12"; exit 1; }
	@echo "== an environment in the folder .venv, and what builds the core (10 s)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(QUIETLY) --no-compile scikit-build-core nanobind numpy cmake ninja
	@echo "== the core is compiled, and what normexp needs is fetched meanwhile (a minute on two processors; the first lines come after half of it)"
	@$(MAKE) --no-print-directory -j2 core needed
	@touch $@

core:
	@mkdir -p build; set -o pipefail; $(PIP) -v --no-build-isolation --no-deps -e . 2>&1 | tee build/install.log \
	  | sed -un 's|^ *\(\[.*\]\) Building CXX object .*/CMakeFiles/\([^/]*\)\.dir/\(__/\)*\(.*\)\.o$$|\1 \4 (\2)|p' || { cat build/install.log; exit 1; }

needed:
	@$(BIN)/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; print(*p["dependencies"], *p["optional-dependencies"]["tune"], sep="\n")' | xargs $(QUIETLY) --no-compile

.venv/test: .venv/installed
	$(OURS) ".[test]"
	touch $@

.venv/parity: .venv/test
	$(OURS) ".[parity]"
	touch $@

.venv/check: .venv/test
	$(OURS) ".[check,build]"
	touch $@

clean:
	rm -rf .venv build dist demo
