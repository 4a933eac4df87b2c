# Every verb makes the environment first, if it is not there. PYTHON chooses another interpreter than python3.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
INSTALL := $(RUN)/pip install --quiet --disable-pip-version-check -c constraints.txt

# Corpora of the model that ships (its card says what each is); make ship CORPORA=DIR, where DIR has train/, dev/ and test/.
CORPORA ?= data/corpora
TRAIN := 3*tatoeba 3*tatoeba-extra 3*news-wmt 2*news-postedit 1*lexicon 0.4*hansard-1 0.4*hansard-2 0.08*laws-canada \
	1*literature 0.3*mdn 0.2*php-docs 0.3*manpages 0.4*software-docs 1*software-ui 1*ui-misc 0.7*webdev-docs \
	1.5*tech-news-sites 1*canada-digital 1.5*civic-society-sites 0.6*debian-news 0.1*debian-security 0.2*pathfinder-rpg \
	0.7*games 0.3*medical-hpo 0.5*bible-nt 0.2*quran 2*tico19-dev
DEV := newstest2012 tatoeba_dev hansard_dev multi30k_val
TEST := newstest2013 ntrex128 tatoeba_test multi30k_test_2016_flickr multi30k_test_2017_flickr multi30k_test_2017_mscoco hansard_test

.PHONY: demo test check format bench tour ship clean

demo: $(READY)              ## translate a sentence with the model that ships, by the fast engine
	test -d checkpoints/en-fr/ct2 || $(RUN)/mt export checkpoints/en-fr --to ctranslate2
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

ship: $(READY)              ## make the model that ships again, in checkpoints/ship
	$(RUN)/mt prepare $(foreach s,$(TRAIN),$(subst *,*$(CORPORA)/train/,$(s)).tsv.xz) $(DEV:%=--valid $(CORPORA)/dev/%.tsv) \
		$(TEST:%=--test $(CORPORA)/test/%.tsv) --vocab-size 8000 --max-tokens 120 --augment 0.1 --out data/ship
	$(RUN)/mt train --data data/ship --out checkpoints/full --preset small --max-steps 4400 --set train.tokens_per_batch=6144 \
		--set train.cooldown=1500 --set model.dropout=0.05
	$(RUN)/mt export checkpoints/full --to mt --out checkpoints/ship
	$(RUN)/mt evaluate checkpoints/ship --data data/ship

clean:                      ## remove the environment and caches; data and models stay
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mt needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(RUN)/pip || $(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) -e '.[dev,fast,plots]'
	touch $@
