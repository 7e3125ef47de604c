# Two commands do everything: `make site` and `make test`. The rest is for authors.
#
# STUDY=FILE          a study file of your own table: make site STUDY=claims.toml
# KAGGLE_CSV=FILE     use this copy of the Kaggle file
# OFFLINE=1           never download; a labelled stand-in takes the file's place
# QUICK=1             a small study; every page says it is not for decisions
# ENGINE=WHERE        dask://host:port computes on a cluster; see `make cluster`
# TORCH_INDEX=URL     extra package index for a CPU-only build of torch
# PYTHON=COMMAND      the Python that .venv is made with; otherwise 3.11, else the newest of 3.12 to 3.14 that runs

VENV := .venv
RUN := $(VENV)/bin/python -m generator
PIP_AUDIT := 2.10.1
ZENSICAL := 0.0.73
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
export NO_MKDOCS_2_WARNING := 1
# where this is set, each process compiles its libraries anew, which takes a quarter of a minute
unexport PYTHONDONTWRITEBYTECODE
# the environment holds what the lock names: nothing of the surroundings adds to it, or hides this folder
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONPLATLIBDIR PYTHONOPTIMIZE PYTHONINSPECT
# nor do packages go elsewhere; indexes, proxies and certificates stay as they are configured
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PIP_REQUIREMENT PIP_REQUIRE_HASHES
export PIP_USER := 0

# A Python that will do. One that is there may not run (a version manager's), or lack its venv module (Debian's).
# The flag -I: what is unexported above is still seen by a shell that make starts while it reads this file.
SUITS := -I -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null
PYTHON ?= $(or $(shell for each in python3.11 python3.14 python3.13 python3.12 python3; do \
	$$each $(SUITS) && echo $$each && break; done),$(error no Python 3.11 to 3.14 runs here with its venv module; \
	install one (Debian, Ubuntu: python3 and python3-venv), or name it: make PYTHON=...))
# An environment whose Python is gone or was replaced is made anew.
LIVES := $(VENV)/bin/python -I -c 'import pip' >/dev/null 2>&1
$(shell test ! -e $(VENV)/ready || $(LIVES) || rm -f $(VENV)/ready $(VENV)/cluster $(VENV)/models)

.PHONY: site study pages offline single pdf pictures serve test lint walk bench scale faults cluster diff audit zensical verify audit-privacy previous study-key clean clean-cache help

site: $(VENV)/ready       ## set up, get the data, run the study, build site/
	$(RUN) all $(STUDY) --timings data/timings.json

study: $(VENV)/ready      ## run the study only; records go to data/results/
	$(RUN) study $(STUDY) --timings data/timings.json

pages: $(VENV)/ready      ## render docs/ and build site/ from the records
	$(RUN) site

offline: $(VENV)/ready    ## copies that open from disk, into build/
	$(RUN) offline

single: $(VENV)/ready     ## the whole site as one HTML file, into build/
	$(RUN) single

pdf: $(VENV)/ready        ## the summary and the brief on paper, into build/; needs a Chromium
	$(RUN) pdf

pictures: $(VENV)/ready   ## the pictures of README and social card, from this run; needs a Chromium
	$(RUN) pictures

serve: $(VENV)/ready      ## preview on localhost; pages follow templates and charts
	$(RUN) serve

# three workers for two cores: while one waits for a page or a process, the others have both
test: $(VENV)/cluster $(VENV)/models  ## all tests; browser tests need a Chromium
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

lint: $(VENV)/ready       ## style of the source
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

walk: $(VENV)/ready       ## hold every page of the site in site/ to the budgets of its first view and to what its levels promise
	SITE=site $(VENV)/bin/python -m pytest tests/browser/test_budgets.py tests/browser/test_promises.py -k "first_view or promises"

bench: $(VENV)/ready      ## speed against what one would otherwise use, as ratios of one run
	$(VENV)/bin/python -m tests.benchmarks

scale: $(VENV)/ready      ## time, memory and pages of tables up to millions of rows; needs the Kaggle file; about half an hour
	$(VENV)/bin/python -m tests.benchmarks.scale

faults: $(VENV)/ready     ## kill, damage, starve and race real runs; each must end with the same bytes; about an hour
	$(VENV)/bin/python -m tests.benchmarks.faults

cluster: $(VENV)/cluster  ## add what the workers of a Dask cluster need, and who leads them

diff: $(VENV)/ready       ## what changed between two runs: A=old.json B=new.json (default: the last two)
	$(RUN) diff $(if $(A),"$(A)",data/results/previous) $(if $(B),"$(B)",data/results)

audit:                    ## known weaknesses of the locked packages; asks the network
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT)
	build/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.txt --requirement requirements-cluster.txt \
		--requirement requirements-models.txt

zensical: $(VENV)/ready   ## the same pages built by the theme's successor, and compared with site/; nothing depends on it
	$(PYTHON) -m venv build/zensical
	build/zensical/bin/python -m pip install --quiet --disable-pip-version-check zensical==$(ZENSICAL)
	$(VENV)/bin/python -m tests.successor build/zensical/bin/zensical

verify: $(VENV)/ready     ## check the hashes, examples and headline figures of the site in site/
	$(RUN) verify-claims --site site

audit-privacy: $(VENV)/ready  ## what the site in site/ discloses of tables of your own; TEXTS=FILE: texts that it may not hold
	$(RUN) audit-privacy --site site $(if $(TEXTS),--texts "$(TEXTS)")

previous: $(VENV)/ready   ## take the records published at SITE_URL as those before this run
	$(RUN) previous "$(SITE_URL)"

study-key: $(VENV)/ready  ## one hash of everything the numbers depend on
	@$(RUN) study-key

clean:                    ## remove everything made here but the data, the records and the environment; what is yours stays
	$(PYTHON) -m generator.engine.made site docs
	rm -rf build/audit build/zensical .pytest_cache .ruff_cache
	rm -f build/model-security-study*.zip build/model-security-study.html build/summary.pdf build/brief.pdf

clean-cache:              ## remove records and stage results: the next study starts cold
	$(PYTHON) -m generator.engine.made data/results data/results/previous
	rm -f data/results/cache/*.arrays data/private/*.npz data/timings.json

help:                     ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

# The lock names every package, so nothing is resolved; Python compiles files when it first needs them.
$(VENV)/ready: requirements.txt
	$(if $(shell $(LIVES) && echo yes),,$(PYTHON) -m venv --clear $(VENV))
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile $(INDEX) -r requirements.txt
	@$(VENV)/bin/python -c 'import torch' || { echo 'torch does not start, see above. On Linux its public build needs GPU \
	libraries, which the lock leaves out: rm -rf $(VENV), then TORCH_INDEX=https://download.pytorch.org/whl/cpu make site' >&2; exit 1; }
	touch $@

$(VENV)/cluster: $(VENV)/ready requirements-cluster.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements-cluster.txt
	touch $@

# Libraries of models that others bring: tests hold the readers against them. Of CatBoost's dependencies those that only
# draw are left out.
$(VENV)/models: $(VENV)/ready requirements-models.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements-models.txt
	touch $@
