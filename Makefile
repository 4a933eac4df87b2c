# Every verb makes the environment first, if it is not there. PYTHON chooses another interpreter than python3.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
INSTALL := $(RUN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test check format bench tour clean

demo: $(READY)              ## translate a sentence with the model that ships
	$(RUN)/mt translate "Hello world! Where is the train station?"

test: check                 ## what CI runs
	$(RUN)/python -m pytest -q -m "not slow"

check: $(READY)             ## style and types
	$(RUN)/ruff check .
	$(RUN)/mypy

format: $(READY)            ## sort imports, mend what can be mended
	$(RUN)/ruff check --fix .

bench: $(READY)             ## speed and memory beside other tools
	$(RUN)/python tests/benchmarks/run.py

tour: $(READY)              ## prepare, train, evaluate and translate on the sample corpus, in five minutes
	$(RUN)/mt prepare --vocab-size 4000 --out data/tour
	$(RUN)/mt train --data data/tour --out checkpoints/tour --preset tiny --max-minutes 3
	$(RUN)/mt evaluate checkpoints/tour --test data/tour/test/corpus.tsv
	$(RUN)/mt translate --model checkpoints/tour "Good morning. Where is the station?"

clean:                      ## remove the environment and caches; data and models stay
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mt needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(RUN)/pip || $(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) -e '.[dev,fast,plots]'
	touch $@
