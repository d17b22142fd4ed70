# weigh: everything a developer does, one target each. `make help` lists them.
#
# build/<version>/   object files for one Python      .venv/            build tools
# build/results/     what each suite of tests found   .venvs/<version>/ a Python with weigh in it
#
# Choose the Python by PY=3.12.

VERSIONS ?= 3.10 3.11 3.12 3.13
NEWER ?= 3.14 testing
JOBS ?= 3
PY = $(shell scripts/find-python --default)
RESULTS := build/results
TOOLS := .venv
MESON := $(TOOLS)/bin/meson
NINJA := $(TOOLS)/bin/ninja
COMMA := ,
PIP := bin/python -m pip --disable-pip-version-check -q install

# Meson looks for ninja on PATH: let it find ours.
export PATH := $(CURDIR)/$(TOOLS)/bin:$(PATH)
export NINJA_STATUS = [%f/%t] #

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help build build-all demo check lint unit test-python test-kill test-install test-newer sanitize fuzz golden bench bench-quick format \
	articles clean distclean FORCE

help: ## this list
	@echo "make TARGET [PY=3.12]"
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: ## build for one Python, into .venvs/VERSION
	@scripts/need compiler python
	@$(MAKE) --no-print-directory build-$(PY)

build-all: ## build for every Python found
	@scripts/need compiler python
	@set -e; for v in $$(scripts/find-python --list $(VERSIONS)); do \
		$(MAKE) --no-print-directory build-$$v; done

build-%: build/%/build.ninja FORCE ## build for one Python by version: build-3.12
	@flock build/$*.lock sh -c '$(NINJA) -C build/$* --quiet && \
		$(MESON) install -C build/$* --no-rebuild --only-changed --quiet'

demo: build ## write the example's data and weigh the program that reads it
	@version=$(PY); $(MAKE) --no-print-directory examples/cta/ctabus.csv && \
	PATH="$(CURDIR)/.venvs/$$version/bin:$$PATH" \
		.venvs/$$version/bin/weigh run -f -o build/dicts.weigh examples/cta/dicts.py

check: ## every test on every Python found, then the sum
	@scripts/check $(VERSIONS)

lint: $(TOOLS)/.lint ## warnings as errors, layout, the rules between folders
	@scripts/need compiler clang cmocka
	@rm -f $(RESULTS)/lint.txt
	@$(MAKE) -s --no-print-directory build/unit/build.ninja build/lint-clang/build.ninja
	@scripts/lint

unit: ## the C tests, those of reports included
	@scripts/need compiler cmocka python
	@$(MAKE) -s --no-print-directory build/unit/build.ninja
	@scripts/run-unit unit

sanitize: ## the C tests under the address and undefined-behaviour sanitizers
	@scripts/need compiler cmocka
	@$(MAKE) -s --no-print-directory build/sanitize/build.ninja
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		scripts/run-unit sanitize

fuzz: ## opening captures and mprof files under a coverage-guided fuzzer, a minute (SECONDS=600)
	@scripts/need compiler clang
	@tests/fuzz/run $(SECONDS)

golden: ## what reports print, against tests/golden; UPDATE=1 writes the files anew
	@scripts/need compiler cmocka python
	@$(MAKE) -s --no-print-directory build/unit/build.ninja
	@$(if $(UPDATE),WEIGH_GOLDEN_UPDATE=1) scripts/run-unit unit golden golden_advice golden_heap golden_mprof

test-python: $(TOOLS)/.made ## the Python tests on every Python found, three at a time (JOBS=1)
	@scripts/need compiler c++ python
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/python-*
	@MAKE="$(MAKE)" scripts/test-pythons $(JOBS) $$(scripts/find-python --list $(VERSIONS)); status=$$?; \
	for v in $$(scripts/find-python --absent $(VERSIONS)); do \
		echo "Python $$v: absent, not tested"; done; exit $$status

test-python-%: ## the Python tests on one Python: test-python-3.12
	@$(MAKE) --no-print-directory pytest-$*

test-install: ## pip install into an empty environment, and the command it gives
	@scripts/need compiler python
	@scripts/test-install $(PY)

test-kill: ## kill a recording program at 100 random moments
	@WEIGH_TEST_KILLS=100 $(MAKE) --no-print-directory pytest-$(PY) TESTS=tests/python/test_kill.py

test-newer: ## Python 3.14 from a newer Debian, as root (NEWER="3.15 unstable")
	@scripts/test-newer $(NEWER)

# TESTS="tests/python/test_run.py -k quiet" narrows what is run.
TESTS ?= tests/python
pytest-%: build-% .venvs/%/.test FORCE
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/python-$*$(TRY).xml
	@echo "Python tests, Python $*"
	@PATH="$(CURDIR)/.venvs/$*/bin:$$PATH" .venvs/$*/bin/python -m pytest -q \
		-o cache_dir=build/pytest-$* -o junit_suite_name=python-$* \
		--junit-xml=$(RESULTS)/python-$*$(TRY).xml $(TESTS)

bench: build ## the benchmarks, side by side with other tools, and their page (hours)
	@version=$(PY); $(MAKE) --no-print-directory .venvs/bench-$$version/.made
	@version=$(PY); .venvs/$$version/bin/python bench/run.py all --full --python $$version

bench-quick: build ## the few figures that guard against a slowdown (two minutes)
	@version=$(PY); .venvs/$$version/bin/python bench/run.py quick --python $$version

articles: build ## what docs/articles.md shows, taken anew from examples/articles (minutes)
	@version=$(PY); $(MAKE) --no-print-directory .venvs/$$version/.test examples/cta/ctabus.csv && \
		.venvs/$$version/bin/python scripts/articles

format: $(TOOLS)/.lint ## lay out the C files
	@$(TOOLS)/bin/clang-format -i $$(scripts/lint --files)

clean: ## remove what was built
	rm -rf build dist
	rm -f examples/cta/*.csv

distclean: clean ## remove the virtual environments too
	rm -rf .venv .venvs

examples/cta/ctabus.csv: examples/cta/make_data.py
	@.venvs/$(PY)/bin/python examples/cta/make_data.py

$(TOOLS)/.made: requirements/build.txt
	@scripts/need python
	@echo "making $(TOOLS)"
	@"$$(scripts/find-python $(PY))" -m venv $(TOOLS)
	@$(TOOLS)/$(PIP) -r $<
	@touch $@

$(TOOLS)/.lint: requirements/lint.txt $(TOOLS)/.made
	@$(TOOLS)/$(PIP) -r $<
	@touch $@

# A stem of "3.12"; each Python has its own objects and its own environment.
.PRECIOUS: .venvs/%/.made .venvs/bench-%/.made .venvs/%/.test build/%/build.ninja
.venvs/%/.made:
	@echo "making .venvs/$*"
	@interpreter=$$(scripts/find-python $*) && "$$interpreter" -m venv .venvs/$*
	@touch $@

# One by one where a tool has no wheel for this Python: the tables leave that one out.
.venvs/bench-%/.made: requirements/bench.txt
	@echo "making .venvs/bench-$*"
	@interpreter=$$(scripts/find-python $*) && "$$interpreter" -m venv .venvs/bench-$*
	@.venvs/bench-$*/$(PIP) --only-binary :all: -r $< 2>/dev/null || \
	sed 's/ *#.*//; /^$$/d' $< | while read -r package; do \
		.venvs/bench-$*/$(PIP) --no-deps "$$package" || echo "$$package: not installed"; done
	@touch $@

.venvs/%/.test: requirements/test.txt requirements/peers.txt .venvs/%/.made
	@echo "installing what the tests need into .venvs/$*"
	@.venvs/$*/$(PIP) -r $<
	@.venvs/$*/bin/python -m pip --disable-pip-version-check download -q --no-deps --no-binary :all: \
		--require-hashes -r requirements/peers.txt -d .venvs/$*/peers || \
		echo "requirements/peers.txt: not to be had: the tests that run other tools' own tests are skipped"
	@touch $@

# Configures build/NAME with the options that follow; what Meson says is shown
# when it fails.
define configure
	@mkdir -p build && echo "configuring build/$(1)"
	@$(2) $(MESON) setup build/$(1) $(3) >build/$(1).log 2>&1 || { cat build/$(1).log; exit 1; }
endef

# The C tests' build is also what gcc's warnings are taken from: all of it, the module too.
build/unit/build.ninja: $(TOOLS)/.made
	$(call configure,unit,CC=gcc,-Doptimization=1 -Dtests=true -Dwerror=true -Dpython=$$(scripts/find-python $(PY)))

build/lint-clang/build.ninja: $(TOOLS)/.made
	$(call configure,lint-clang,CC=clang,-Doptimization=0 -Dtests=true -Dwerror=true -Dpython=$$(scripts/find-python $(PY)))

build/sanitize/build.ninja: $(TOOLS)/.made
	$(call configure,sanitize,,-Dmodule=false -Dtests=true -Doptimization=0 \
		-Db_sanitize=address$(COMMA)undefined)

build/%/build.ninja: $(TOOLS)/.made .venvs/%/.made
	$(call configure,$*,,--prefix=$(CURDIR)/.venvs/$* --libdir=lib -Db_lto=true -Dpython.install_env=venv \
		-Dpython=$(CURDIR)/.venvs/$*/bin/python)
