# Two commands for a fresh machine, `make demo` and `make test`; the rest is for those who work on the library.
# PYTHON is the interpreter that makes the environment, VENV the environment's folder, PYTEST_ARGS go to pytest.
PYTHON ?= python3
VENV ?= .venv
CXX ?= g++
PYTEST_ARGS ?=

PY := $(VENV)/bin/python
PIP := $(PY) -m pip
PYTEST := $(PY) -m pytest $(PYTEST_ARGS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The tests that reach compiled code directly; the sanitizers and the emulated card run these.
NATIVE_TESTS := tests/core tests/random $(wildcard tests/*/test_kernels_*.py) tests/parity
CXX_SOURCES := $(shell find csrc -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' -o -name '*.h')

.PHONY: help demo test lint format asan tsan emulate cuda wheel stubs check-stubs bench bench-smoke docs gpu-check clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(PY):
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip

# The tools for work on the library. A new pyproject.toml may name new ones.
$(VENV)/.tools: pyproject.toml | $(PY)
	$(PIP) install --quiet ".[dev]"
	touch $@

demo: | $(PY) ## Fit every method to real data and write report.html
	$(PIP) install --quiet ".[plot]"
	$(VENV)/bin/gibbsite demo --output report.html

test: | $(PY) ## Install with the test extra and run the tests
	$(PIP) install --quiet ".[test]"
	$(PYTEST)

lint: $(VENV)/.tools ## ruff, clang-format, mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/clang-format --dry-run --Werror $(CXX_SOURCES)
	$(VENV)/bin/mypy

format: $(VENV)/.tools ## Let ruff and clang-format rewrite the sources
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/clang-format -i $(CXX_SOURCES)

# $(call variant,NAME) builds the library once more into build/NAME/site, with the settings that stand before it in the
# environment; PYTHONPATH puts that one before the installed package. A second argument takes the place of --quiet.
variant = GIBBSITE_REQUIRE_COMPILED=1 $(PIP) install $(or $(2),--quiet) --no-deps --no-build-isolation --upgrade \
	--target build/$(1)/site -C build-dir=build/$(1)/objects .
# The sanitizers' runtimes must be loaded before the interpreter's own libraries; libstdc++ so that they see its throw.
runtime = $$($(CXX) -print-file-name=$(1).so):$$($(CXX) -print-file-name=libstdc++.so)

asan: $(VENV)/.tools ## Build for AddressSanitizer, the emulated card included, and run the native tests
	GIBBSITE_SANITIZE=address GIBBSITE_CUDA=EMULATE $(call variant,asan)
	LD_PRELOAD=$(call runtime,libasan) ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 \
		PYTHONPATH=build/asan/site GIBBSITE_TEST_BACKENDS=cpp-v2,cpp-v3,cuda-emulated \
		$(PYTEST) --capture=sys -m "not slow" -k "not numba" $(NATIVE_TESTS)

# ThreadSanitizer needs the address space laid out as it expects; setarch -R switches the randomisation off. Threads are
# the same for every instruction set: one is enough here.
# die_after_fork: a forked child starts a pool of its own, and that is what is tested.
tsan: $(VENV)/.tools ## Build for ThreadSanitizer and run the native tests
	GIBBSITE_SANITIZE=thread GIBBSITE_CUDA=OFF $(call variant,tsan)
	LD_PRELOAD=$(call runtime,libtsan) TSAN_OPTIONS=suppressions=$(CURDIR)/.ci/tsan.supp:halt_on_error=1:exitcode=66:die_after_fork=0 \
		PYTHONPATH=build/tsan/site GIBBSITE_TEST_BACKENDS=cpp-v3 \
		setarch -R $(PYTEST) --capture=sys -m "not slow" -k "not numba and not v2 and not v4" $(NATIVE_TESTS)

emulate: $(VENV)/.tools ## Build the CUDA sources as C++ and run the tests of device code over them
	GIBBSITE_CUDA=EMULATE $(call variant,emulate)
	PYTHONPATH=build/emulate/site GIBBSITE_TEST_BACKENDS=cuda-emulated $(PYTEST) -k cuda-emulated tests

cuda: $(VENV)/.tools ## Compile the CUDA sources with nvcc; fails where there is none
	mkdir -p build/cuda
	GIBBSITE_CUDA=ON $(call variant,cuda,--verbose) >build/cuda/log 2>&1 || { cat build/cuda/log; exit 1; }
	bash .ci/registers.sh build/cuda/log
	PYTHONPATH=build/cuda/site $(PY) -m gibbsite info

wheel: $(VENV)/.tools ## Build a wheel, repair it to a manylinux tag, check what is in it
	rm -rf build/wheel
	GIBBSITE_CUDA=OFF GIBBSITE_REQUIRE_COMPILED=1 $(PIP) wheel --quiet --no-deps --wheel-dir build/wheel .
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" auditwheel repair --wheel-dir build/wheel/repaired build/wheel/*.whl
	bash .ci/check_wheel.sh build/wheel/repaired

# Built without isolation, so that the pinned pybind11 decides how types are written.
generate-stubs = GIBBSITE_CUDA=OFF $(call variant,stubs) && rm -rf build/stubs/written \
	&& PYTHONPATH=build/stubs/site $(VENV)/bin/pybind11-stubgen gibbsite._cpp --output-dir build/stubs/written --exit-code \
	&& $(VENV)/bin/ruff format --quiet build/stubs/written

stubs: $(VENV)/.tools ## Write the type stubs of the compiled module
	$(generate-stubs)
	rm -rf python/gibbsite/_cpp && cp -r build/stubs/written/gibbsite/_cpp python/gibbsite/_cpp

check-stubs: $(VENV)/.tools ## Fail when the committed stubs are not what the compiled module says
	$(generate-stubs)
	diff -ru python/gibbsite/_cpp build/stubs/written/gibbsite/_cpp

bench: | $(PY) ## Measure beside the peers and write docs/performance.md
	$(PIP) install --quiet ".[bench]"
	$(PY) -m benchmarks.report

bench-smoke: $(VENV)/.tools ## Run every benchmark once, without measuring
	$(PIP) install --quiet ".[bench]"
	$(PYTEST) benchmarks --benchmark-disable

docs: | $(PY) ## Build the documentation; a warning is an error
	$(PIP) install --quiet ".[docs]"
	$(PY) -m sphinx -W --keep-going --quiet -b html docs docs/_build/html

# A machine with a card is used as it is: its own Python, packages and compiler, nothing is fetched.
gpu-check: ## On a machine with a card: build, test, compute-sanitizer, benchmarks; one JSON and one table
	$(PYTHON) .ci/gpu_check.py

clean: ## Remove what the targets above made, the environment excepted
	rm -rf build docs/_build docs/auto_examples report.html
