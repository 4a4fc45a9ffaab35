#!/usr/bin/env bash
# The plan of the evidence in experiments/*/results: which runs, in which order, and the core-hours that they take, 20 in all (one thread a run, on an
# AMD EPYC with AVX-512). A sweep is named by where its results are kept: cifar10/long in experiments/cifar10/results/long. Each trial's result
# is copied there as soon as it is done, and what is there is not trained again, so that this may be stopped whenever and called again, on another
# machine too; it stops where a trial fails. To have a sweep anew, remove its folder there. Then: npm run -s evidence.
# Cut, as it tells least for its hours: two more seeds of DRAW, and DRAW with attention; two more seeds of the VAE's eight epochs, as of three epochs there are three;
# more seeds of batch and mean-only on CIFAR-10; rates of DRAW and of agents, which have the paper's; Seaquest but for one seed, which learned next
# to nothing in 300,000 frames. The paper's full network on CIFAR-10 was run on a graphics card: experiments/cifar10/README.md.
#
#   scripts/evidence/sweeps.sh SWEEPS CIFAR10 [WORKERS]     # a folder for the sweeps, CIFAR-10's files, runs at a time (2)
#   scripts/evidence/sweeps.sh --plan SWEEPS CIFAR10        # only plans
set -euo pipefail
only=; if [ "${1-}" = --plan ]; then only=1; shift; fi
if [[ $# -lt 2 || $# -gt 3 || "$*" =~ (^|\ )- || ! "${3-2}" =~ ^[1-9][0-9]*$ ]]; then
  echo "sweeps.sh: expected [--plan] SWEEPS CIFAR10 [WORKERS], got ${*:-nothing}; try scripts/evidence/sweeps.sh sweeps cifar-10-batches-bin" >&2
  exit 2
fi
sweeps=$(realpath -m -- "$1") # of the caller's folder, not of this one
cifar10=$(realpath -m -- "$2")
workers=${3-2}
export sweeps
cd "$(dirname "$0")/../.."

kept() { echo "experiments/${1/\///results/}"; }
# whole NAME: whether all its trials are kept; of several rates only the best one's runs are, so that such a sweep cannot go on from there
whole() {
  [ -e "$(kept "$1")/sweep.json" ] &&
    node -e 'process.exit(JSON.parse(require("fs").readFileSync(process.argv[1])).open ? 1 : 0)' "$(kept "$1")/results.json"
}
# planned NAME FLAGS...: a sweep of that name, with the trials that are kept of it; the same plan twice is no error
planned() {
  ! whole "$1" || return 0
  node --import tsx cli/main.ts sweep plan --threads 1 "${@:2}" --out "$sweeps/$1" >/dev/null
  [ ! -e "$(kept "$1")/sweep.json" ] || npm run -s evidence -- back "$(kept "$1")" "$sweeps/$1"
}
# one NAME INDEX FOLDER: trains a trial and keeps what there is, one process at a time
one() {
  node --import tsx cli/main.ts sweep run "$sweeps/$1" --index "$2" --quiet
  flock "$sweeps/lock" npm run -s evidence -- keep "$sweeps/$1" "$3"
}
export -f one
# trained NAME...: all their trials, seed by seed over all of them, so that what is there at any time compares; with FEW="N ARM ..." those arms get
# the first N seeds alone
trained() {
  [ -z "$only" ] || return 0
  local name
  for name in "$@"; do
    ! whole "$name" || continue
    node -e 'const { existsSync, readFileSync } = require("fs");
      const [name, kept, sweep, fewer] = process.argv.slice(1);
      const [most, ...few] = fewer.split(" ");
      for (const { index, id, seed, arm } of JSON.parse(readFileSync(`${sweep}/sweep.json`)).trials)
        if ((!few.includes(arm) || seed <= Number(most)) && !existsSync(`${sweep}/results/${id}.json`)) console.log(seed, name, index, kept);' \
      "$name" "$(kept "$name")" "$sweeps/$name" "${FEW-}"
  done | sort -s -n -k 1,1 | cut -d ' ' -f 2- | xargs -r -P "$workers" -L 1 bash -c 'set -e; one "$@"' one
}

# Robustness to the rate, under momentum on MNIST: 0.9 h
planned mnist/rates --experiment mnist --optimizer sgd --epochs 1 --lr 0.001,0.003,0.01,0.03,0.1,0.3,1,3,10 --seed 1,2,3
trained mnist/rates

# The VAE's baseline without data-dependent initialization, three epochs at 0.002, as the others of experiments/vae/results: 0.8 h
planned vae/as-drawn --experiment vae --preset small --arms plain --as-drawn --lr 0.002 --seed 1,2,3
trained vae/as-drawn

# CIFAR-10's rates on held-out images: 2.8 h; the preset has the best ones since
cifar=(--experiment cifar10 --preset small --data-dir "$cifar10")
planned cifar10/rates "${cifar[@]}" --lr 0.0003,0.001,0.003,0.01 --epochs 2
trained cifar10/rates

# CIFAR-10, each arm at its best rate: 5.4 h for three seeds of plain, weight and weight+mean-only and one of the others
planned cifar10/long "${cifar[@]}" --epochs 10 --seed 1,2,3
FEW="1 batch mean-only" trained cifar10/long

# Deep Q-learning: 4.9 h
planned dqn/breakout --experiment dqn --game breakout --arms plain,weight,batch --seed 1,2,3,4,5
planned dqn/space-invaders --experiment dqn --game space-invaders --arms plain,weight --seed 1,2,3,4,5
planned dqn/seaquest --experiment dqn --game seaquest --arms plain --seed 1
FEW="3 batch" trained dqn/breakout dqn/space-invaders dqn/seaquest

# DRAW at the paper's settings, 30 of its 100 epochs, one seed: 1.8 h
planned draw/paper --experiment draw --preset paper --epochs 30 --seed 1
trained draw/paper

# The VAE's rates, then eight epochs at the best ones: 1.7 h and 2 h
rates=(--lr 0.001,0.002,0.004 --epochs 2)
planned vae/rates --experiment vae --preset small --arms plain,weight "${rates[@]}"
planned vae/as-drawn-rates --experiment vae --preset small --arms plain --as-drawn "${rates[@]}"
trained vae/rates vae/as-drawn-rates
rates_of() { echo --rates-of "$(kept "$1")/results.json"; }
if whole vae/rates && whole vae/as-drawn-rates; then
  planned vae/long --experiment vae --preset small --arms plain,weight $(rates_of vae/rates) --epochs 8
  planned vae/as-drawn-long --experiment vae --preset small --arms plain --as-drawn $(rates_of vae/as-drawn-rates) --epochs 8
  trained vae/long vae/as-drawn-long
else
  echo "the VAE for eight epochs is planned when its rates are kept"
fi
