# Everything that the project does begins here; `make help` lists it.
# The environment in .venv is made by itself from requirements.lock, and made anew when the lock changes.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
UV_VERSION := 0.13.9
AUDIT_VERSION := 2.10.1
BOOK_OPTIONS ?=

# The stamps carry a checksum, so that content counts and not a file's time; they are written last.
checksum = $(shell (printf '%s' '$(2)'; cat $(1) 2>/dev/null) | cksum | cut -d ' ' -f 1)
PACKAGES := .venv/.packages-$(call checksum,requirements.lock,)
ENVIRONMENT := .venv/.complete-$(call checksum,requirements.lock pyproject.toml,$(CURDIR))
RUN := .venv/bin/python

# Matplotlib's list of fonts: without a folder to keep it, every kernel would make its own, and say so on its page.
export MPLCONFIGDIR ?= $(CURDIR)/_build/matplotlib

# Where no home takes files, what was fetched is not kept: uv would give up, and pip complain.
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export UV_NO_CACHE ?= 1
export PIP_NO_CACHE_DIR ?= 1
endif

#: `make reproduce`: the folder of the paper's cells; which sweeps; name=value words; YES=1 starts what is large.
DATA ?=
SWEEPS ?=
OPTIONS ?=
YES ?=
#: `make site`: where the book will stand.
export ADDRESS ?=
# The folder reaches the command as it was written, whatever signs its name holds: neither make nor the shell reads it.
export CELLS_FOLDER := $(value DATA)
unexport DATA

.PHONY: help book site student slides reproduce test test-slow lint audit lock clean environment

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

book: $(ENVIRONMENT) ## run the chapters that changed, build the book into _build/html and check every page
	@$(RUN) -m cgrecnet.publish build $(BOOK_OPTIONS)

site: book ## the built book as a web site in _build/site, with PDF and archive: make site ADDRESS=https://example.org/book/
	@$(RUN) -m cgrecnet.publish site --address "$$ADDRESS"

student: $(ENVIRONMENT) ## write notebooks for a class into _build/student, and the solutions apart
	@$(RUN) -m cgrecnet student

slides: $(ENVIRONMENT) ## write slides for a class into _build/slides, with figures of the last build
	@$(RUN) -m cgrecnet slides

reproduce: $(ENVIRONMENT) ## the paper's sweeps on its own cells, then the book: make reproduce DATA=FOLDER
	@[ -n "$$CELLS_FOLDER" ] || { echo 'error: name the folder of the cells, as in make reproduce DATA=/path/to/zhu.' >&2; exit 2; }
	@$(RUN) -m cgrecnet reproduce "$$CELLS_FOLDER" $(OPTIONS) $(if $(SWEEPS),--sweeps $(SWEEPS)) $(if $(YES),--yes)
	@$(MAKE) --no-print-directory book

# As many processes as tests/conftest.py says, with one thread each: two threads each would be ten times slower.
test test-slow: export OMP_NUM_THREADS = 1
test test-slow: export MKL_NUM_THREADS = 1

test: $(ENVIRONMENT) ## run the tests, but for those that take long
	@$(RUN) -m pytest -n auto --dist loadfile -m "not slow"

test-slow: $(ENVIRONMENT) ## run the tests that take long
	@$(RUN) -m pytest -n auto --dist loadfile -m slow

lint: $(ENVIRONMENT) ## look for faults in style, and print how large each room of the package is
	@$(RUN) -m ruff check .
	@$(RUN) -m cgrecnet.publish sizes

# What pip-audit asks is asked first, so that a machine without a network, or with a mirror that knows no advisories,
# gets a sentence; --strict, because a package that could not be looked up is not a safe one.
ADVISORIES := https://pypi.org/pypi/uv/$(UV_VERSION)/json

audit: $(ENVIRONMENT) ## ask which pinned packages have known vulnerabilities (needs a network)
	@$(RUN) -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=20)' $(ADVISORIES) 2>/dev/null || { \
		echo 'error: make audit asks pypi.org for known vulnerabilities, and it does not answer: run it where it can be reached.' >&2; \
		exit 2; }
	@$(RUN) -m uv tool run --quiet pip-audit==$(AUDIT_VERSION) --requirement requirements.lock --no-deps --disable-pip \
		--strict --progress-spinner off

environment: $(ENVIRONMENT) ## make .venv with every pinned package (the other targets do it by themselves)

clean: ## remove what was built (_build, wheels and caches; .venv stays)
	rm -rf _build build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

lock: $(ENVIRONMENT) ## resolve pyproject.toml anew into requirements.lock, keeping the versions that still fit
	@cp requirements.lock .lock.partial
	@$(RUN) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--no-header --no-annotate --quiet --output-file .lock.partial >/dev/null
	@{ echo '# Every version, pinned, for CPython >= 3.11 on Linux, macOS and Windows.' \
		'Made by `make lock`; do not edit by hand.'; grep -v '^#' .lock.partial; } > .lock.whole.partial
	@mv .lock.whole.partial requirements.lock && rm -f .lock.partial
	@echo "requirements.lock is up to date; environment.yml reads it."

# uv is quick, but ignores pip's settings: hand it the user's package index. Where uv fails, pip does the same work.
define make_environment
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "error: $(PYTHON) is not Python 3.11 or newer: install one and name it, as in make PYTHON=python3.12 $(MAKECMDGOALS)." >&2; \
	exit 1; }
echo "making .venv from requirements.lock (once; some minutes and 7 GB)"
rm -rf .venv
$(PYTHON) -m venv .venv
index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(RUN) -m pip config get global.index-url 2>/dev/null || true)}}"
if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi
$(RUN) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || echo "no uv: using pip"
$(RUN) -m uv pip install --quiet --compile-bytecode --python $(RUN) -r requirements.lock || { \
	echo "uv could not install the packages: trying pip"; \
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.lock; }
endef
export make_environment

$(PACKAGES):
	@eval "$$make_environment"
	@touch $@

$(ENVIRONMENT): $(PACKAGES)
	@$(RUN) -m uv pip install --quiet --python $(RUN) --no-deps --no-build-isolation --editable . \
		|| $(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f .venv/.complete-*
	@touch $@
