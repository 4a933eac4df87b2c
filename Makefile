# Every verb makes the environment first, if it is not there. PYTHON chooses another interpreter than python3.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
INSTALL := $(RUN)/pip install --quiet --disable-pip-version-check -c constraints.txt

# Corpora of the model that ships (its card says what each is) and how often each pair is used: first general text, then mostly
# everyday text, then both with our own (data/sample, data/own), again with more layers and French text whose English a model of
# the other direction made, at last mostly our own. make ship CORPORA=DIR, where DIR has train/, dev/, test/ and mono/;
# make multi30k wants train-nc/, dev/ and test/.
CORPORA ?= data/corpora
GENERAL := 3*tatoeba 3*tatoeba-extra 3*news-wmt 2*news-postedit 1*lexicon 0.4*hansard-1 0.4*hansard-2 0.08*laws-canada \
	1*literature 0.3*mdn 0.2*php-docs 0.3*manpages 0.4*software-docs 1*software-ui 1*ui-misc 0.7*webdev-docs \
	1.5*tech-news-sites 1*canada-digital 1.5*civic-society-sites 0.6*debian-news 0.1*debian-security 0.2*pathfinder-rpg \
	0.7*games 0.3*medical-hpo 0.5*bible-nt 0.2*quran 2*tico19-dev
EVERYDAY := 2*tatoeba 2*tatoeba-extra 0.5*lexicon 2*news-wmt 1*news-postedit 0.3*literature 0.7*tech-news-sites \
	0.7*civic-society-sites 0.3*canada-digital 0.1*hansard-1 0.1*hansard-2 0.3*software-ui 0.1*software-docs 0.1*mdn \
	0.1*debian-news 1*tico19-dev 0.2*games 0.2*webdev-docs 0.3*ui-misc
BOTH := 2*tatoeba 2*tatoeba-extra 3*news-wmt 2*news-postedit 1*lexicon 0.4*hansard-1 0.4*hansard-2 1*literature 1.5*tech-news-sites \
	1.5*civic-society-sites 1*canada-digital 0.6*debian-news 0.3*mdn 0.4*webdev-docs 0.2*manpages 0.3*software-docs 0.7*software-ui \
	0.7*ui-misc 0.05*laws-canada 0.5*games 0.2*medical-hpo 2*tico19-dev 0.1*pathfinder-rpg
OWN := 0.8*tatoeba 1*tatoeba-extra 3*news-wmt 1.5*news-postedit 0.3*lexicon 0.2*hansard-1 0.2*hansard-2 0.4*literature 1*tech-news-sites \
	1*civic-society-sites 0.5*canada-digital 0.3*software-ui 1*tico19-dev
# The other direction: the same corpora with their columns swapped, and the French texts to which it gives an English.
BACKWARDS := 3*news-wmt 2*news-postedit 0.3*tatoeba 0.5*tatoeba-extra 0.15*hansard-1 0.15*hansard-2 0.6*literature 1*civic-society-sites \
	0.7*tech-news-sites 0.5*canada-digital 0.15*debian-news 2*tico19-dev 0.2*lexicon
FRENCH := news-press-2018-2019 news-rpm2-wikinews news-rss-2025 tatoeba
DEV := newstest2012 tatoeba_dev hansard_dev multi30k_val
TEST := newstest2013 ntrex128 tatoeba_test multi30k_test_2016_flickr multi30k_test_2017_flickr multi30k_test_2017_mscoco hansard_test
own = $(foreach file,$(wildcard data/own/*.tsv),'$(1)*$(file)')
corpora = $(foreach corpus,$(1),$(subst *,*$(CORPORA)/train/,$(corpus)).tsv.xz)
HELD_OUT = $(DEV:%=--valid $(CORPORA)/dev/%.tsv) $(TEST:%=--test $(CORPORA)/test/%.tsv)
MULTI30K_PAIRS := $(CORPORA)/train-nc/multi30k.tsv.xz
MULTI30K_HELD_OUT = --valid $(CORPORA)/dev/multi30k_val.tsv $(patsubst %,--test $(CORPORA)/test/%.tsv,$(filter multi30k%,$(TEST)))
swap = xz -dcf $(1) | awk -F'\t' '{ print $$2 "\t" $$1 }' > data/swapped/$(2).tsv;
names = $(foreach each,$(1),$(lastword $(subst *, ,$(each))))
SHIP := --preset small --set train.tokens_per_batch=6144 --set model.dropout=0.05
DEEPER := $(SHIP) --set model.n_encoder_layers=18
MULTI30K := --preset small --set model.n_encoder_layers=4 --set model.d_ff=512 --set model.dropout=0.3 --set train.warmup=300 --set train.average=0
PREPARE_SHIP := $(RUN)/mt prepare $(HELD_OUT) --max-tokens 120 --augment 0.16

.PHONY: demo test check format bench tour ship multi30k clean

demo: $(READY)              ## translate a sentence with the model that ships, by the fast engine
	$(RUN)/mt export checkpoints/en-fr --to ctranslate2
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
	@echo "What happened, and why, is told in docs/tour.md; its other commands look inside the model that ships."

ship multi30k: SHELL := bash
ship multi30k: .SHELLFLAGS := -o pipefail -ec
ship: $(READY)              ## make the model that ships again, in checkpoints/ship
	$(PREPARE_SHIP) $(call corpora,$(GENERAL)) --out data/general
	$(RUN)/mt train --data data/general --out checkpoints/general --max-steps 3000 $(SHIP)
	$(PREPARE_SHIP) $(call corpora,$(EVERYDAY)) '6*data/sample/corpus.tsv' --tokenizer data/general/tokenizer.model --out data/everyday
	$(RUN)/mt train --data data/everyday --out checkpoints/everyday --init checkpoints/general --max-steps 1350 $(SHIP) \
		--set train.lr=1.7e-3 --set train.warmup=300 --set train.cooldown=1050 --set train.average=0
	$(PREPARE_SHIP) $(call corpora,$(BOTH)) '8*data/sample/corpus.tsv' $(call own,10) --tokenizer data/everyday/tokenizer.model --seed 2 --out data/both
	$(RUN)/mt train --data data/both --out checkpoints/both --init checkpoints/everyday --max-steps 17000 $(SHIP) \
		--set train.lr=2.2e-3 --set train.warmup=800 --set train.cooldown=12000 --set train.average=0
	mkdir -p data/swapped
	$(foreach name,$(call names,$(BACKWARDS)),$(call swap,$(CORPORA)/train/$(name).tsv.xz,$(name)))
	$(call swap,data/own/*.tsv,own)
	$(call swap,$(DEV:%=$(CORPORA)/dev/%.tsv),valid)
	$(call swap,$(TEST:%=$(CORPORA)/test/%.tsv),test)
	$(RUN)/mt prepare $(subst *,*data/swapped/,$(BACKWARDS:%=%.tsv)) data/swapped/own.tsv --valid data/swapped/valid.tsv --test data/swapped/test.tsv \
		--max-tokens 120 --tokenizer data/both/tokenizer.model --out data/backwards
	$(RUN)/mt train --data data/backwards --out checkpoints/backwards --init checkpoints/both --max-steps 900 $(SHIP) \
		--set train.lr=2.5e-3 --set train.warmup=150 --set train.cooldown=750 --set train.average=0
	$(RUN)/mt export checkpoints/backwards
	xz -dc $(FRENCH:%=$(CORPORA)/mono/%.fr.xz) | tr '\t' ' ' | sed 's/[“”]/"/g' > data/swapped/french.txt
	$(RUN)/mt translate --model checkpoints/backwards --beam 1 --no-spelling < data/swapped/french.txt > data/swapped/english.txt
	paste data/swapped/english.txt data/swapped/french.txt | awk -F'\t' '$$1 != $$2 { print "~ " $$0 }' > data/swapped/synthetic.tsv
	$(PREPARE_SHIP) $(call corpora,$(BOTH)) '8*data/sample/corpus.tsv' $(call own,5) data/swapped/synthetic.tsv \
		--tokenizer data/both/tokenizer.model --seed 3 --out data/deeper
	$(RUN)/mt train --data data/deeper --out checkpoints/deeper --init checkpoints/both --max-steps 3000 $(DEEPER) \
		--set train.lr=1.5e-3 --set train.warmup=150 --set train.cooldown=2000 --set train.average=0
	$(PREPARE_SHIP) $(call corpora,$(OWN)) '20*data/sample/corpus.tsv' $(call own,3) --tokenizer data/both/tokenizer.model --seed 4 --out data/polish
	$(RUN)/mt train --data data/polish --out checkpoints/polish --init checkpoints/deeper --max-steps 2000 $(DEEPER) \
		--set train.lr=1e-3 --set train.warmup=200 --set train.cooldown=2000 --set train.average=0
	$(RUN)/mt export checkpoints/polish --average-with checkpoints/deeper --to mt --out checkpoints/ship
	awk -F'\t' 'split($$1, words, " ") < (FILENAME ~ /formulas|phrases|idioms|business|signs|conversation|office/ ? 9 : 5)' data/own/*.tsv > checkpoints/ship/phrases.tsv   # what need not be translated anew
	$(RUN)/mt evaluate checkpoints/ship --data data/polish

multi30k: $(READY)          ## the most of the 29,000 pairs of Multi30k alone: train again with what two models make of them
	mkdir -p data/swapped data/multi30k
	$(call swap,$(MULTI30K_PAIRS),multi30k)
	$(call swap,$(CORPORA)/dev/multi30k_val.tsv,multi30k_val)
	$(RUN)/mt prepare '16*data/swapped/multi30k.tsv' --valid data/swapped/multi30k_val.tsv --test data/swapped/multi30k_val.tsv \
		--resegment 0.5 --vocab-size 6000 --out data/multi30k/backwards
	$(RUN)/mt train --data data/multi30k/backwards --out checkpoints/multi30k-backwards --max-steps 1800 $(MULTI30K) --set train.cooldown=1500
	$(RUN)/mt prepare '24*$(MULTI30K_PAIRS)' $(MULTI30K_HELD_OUT) --resegment 0.5 --vocab-size 4000 --out data/multi30k/forwards
	$(RUN)/mt train --data data/multi30k/forwards --out checkpoints/multi30k-forwards --max-steps 2400 $(MULTI30K) --set train.cooldown=2000
	for model in backwards forwards; do $(RUN)/mt export checkpoints/multi30k-$$model; done
	xz -dc $(MULTI30K_PAIRS) | cut -f1 > data/multi30k/english.txt
	xz -dc $(MULTI30K_PAIRS) | cut -f2 > data/multi30k/french.txt
	$(RUN)/mt translate --model checkpoints/multi30k-backwards --no-spelling < data/multi30k/french.txt \
		| paste - data/multi30k/french.txt > data/multi30k/new-english.tsv
	$(RUN)/mt translate --model checkpoints/multi30k-forwards --no-spelling < data/multi30k/english.txt \
		| paste data/multi30k/english.txt - > data/multi30k/new-french.tsv
	$(RUN)/mt prepare '16*$(MULTI30K_PAIRS)' '10*data/multi30k/new-english.tsv' '10*data/multi30k/new-french.tsv' $(MULTI30K_HELD_OUT) \
		--resegment 0.5 --tokenizer data/multi30k/backwards/tokenizer.model --out data/multi30k/all
	$(RUN)/mt train --data data/multi30k/all --out checkpoints/multi30k-all --max-steps 4300 $(MULTI30K) --set train.cooldown=3600 \
		--set train.tokens_per_batch=5120 --set train.validate_every=430
	$(RUN)/mt prepare '14*$(MULTI30K_PAIRS)' '8*data/multi30k/new-english.tsv' $(MULTI30K_HELD_OUT) \
		--resegment 0.5 --tokenizer data/multi30k/backwards/tokenizer.model --seed 2 --out data/multi30k/genuine
	$(RUN)/mt train --data data/multi30k/genuine --out checkpoints/multi30k-genuine --init checkpoints/multi30k-all --max-steps 1300 --seed 2 \
		$(MULTI30K) --set train.lr=1.5e-3 --set train.warmup=60 --set train.cooldown=1200 --set train.tokens_per_batch=5120
	$(RUN)/mt export checkpoints/multi30k-genuine
	$(RUN)/mt translate --model checkpoints/multi30k-backwards --no-spelling --n-best 3 --json < data/multi30k/french.txt > data/multi30k/english.jsonl
	$(RUN)/mt translate --model checkpoints/multi30k-genuine --no-spelling --n-best 6 --json < data/multi30k/english.txt > data/multi30k/french.jsonl
	$(RUN)/python tests/benchmarks/alternatives.py $(MULTI30K_PAIRS) data/multi30k/english.jsonl data/multi30k/french.jsonl data/multi30k
	$(RUN)/mt prepare '14*$(MULTI30K_PAIRS)' '5*data/multi30k/english-1.tsv' '4*data/multi30k/english-2.tsv' '3*data/multi30k/english-3.tsv' \
		'5*data/multi30k/french.tsv' $(MULTI30K_HELD_OUT) --resegment 0.5 --tokenizer data/multi30k/backwards/tokenizer.model --seed 3 \
		--out data/multi30k/alternatives
	$(RUN)/mt train --data data/multi30k/alternatives --out checkpoints/multi30k --init checkpoints/multi30k-genuine --max-steps 7500 --seed 3 \
		$(MULTI30K) --set train.lr=3e-3 --set train.warmup=1500 --set train.cooldown=5000 --set train.tokens_per_batch=5120 \
		--set train.validate_every=750 --set decode.beam=8 --set decode.length_penalty=2
	$(RUN)/mt evaluate checkpoints/multi30k --data data/multi30k/alternatives

clean:                      ## remove the environment and caches; data and models stay
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mt needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(RUN)/pip || $(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) -e '.[dev,fast,formats,plots,tensorboard,tune]'
	touch $@
