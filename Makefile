# make leaderboard   evaluate the embedded systems on the embedded tasks, print the table, write results/
# make test          every test but the slow ones;  make test-all: those too
# make bench         the benchmarks, into results/bench.md
# Both set up what they need: Python 3.11+ and make are enough.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
export HF_HUB_OFFLINE ?= 1

SYSTEMS := minilm,wordllama,bm25,minilm-tokens,hybrid,hybrid-reranked
TASKS   := legal,faq
# Two processes, a file's tests in one of them: they share a loaded model.
WORKERS := -n 2 --dist loadfile

.PHONY: leaderboard test test-all bench lint types lock clean

# The records in the repository are another machine's: the first call here repeats them, the next finds them done. What that
# changed of the tracked files, and whether a measured value moved, is the last line.
leaderboard: $(READY)
	$(BIN)/python -m harness -m model=$(SYSTEMS) task=$(TASKS) overwrite=$(if $(wildcard $(VENV)/.evaluated),false,true)
	@touch $(VENV)/.evaluated
	@$(BIN)/python .ci/moved.py

test: $(READY)
	$(BIN)/python -m pytest $(WORKERS)

test-all: $(READY)
	$(BIN)/python -m pytest $(WORKERS) -m "slow or not slow"

# Ours and the peers in one run, half an hour or more; needs the shared data beside the clone, and a quiet machine.
bench: $(READY)
	$(BIN)/python tests/bench

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

lock: $(READY)
	@{ echo '# Locked versions: pip install -c constraints.txt -e .[dev]   (made by `make lock`)'; \
	   $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//'; } > constraints.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache

# Without a binary build of torch for this machine in constraints.txt, pip would take gigabytes of CUDA: it is locked.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)
