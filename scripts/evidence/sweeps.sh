#!/usr/bin/env bash
# The plan of the evidence in experiments/*/results: which runs, in which order, and the core-hours that they take, 29 in all (one thread a run, on an
# AMD EPYC with AVX-512). What is done is not done again, so that it may be stopped whenever and called again, on another machine too.
# Cut, as it tells least for its hours: more seeds of batch and mean-only on CIFAR-10, rates of DRAW and of agents, which have the paper's. The
# paper's full network on CIFAR-10 was run on a graphics card: compare cifar10 --preset paper --epochs 50 --device webgpu.
#
#   scripts/evidence/sweeps.sh SWEEPS CIFAR10 [WORKERS]     # a folder for the sweeps, CIFAR-10's files, runs at a time (2)
#   scripts/evidence/sweeps.sh --plan SWEEPS CIFAR10        # only plans what can be planned
set -euo pipefail
only=; if [ "${1-}" = --plan ]; then only=1; shift; fi
sweeps=${1:?"expected a folder for the sweeps, got none; try sweeps"} cifar10=${2:?"expected the folder of CIFAR-10's files, got none; name it"} workers=${3:-2}
sweeps=$(realpath -m "$sweeps") cifar10=$(realpath -m "$cifar10") # of the caller's folder, not of this one
cd "$(dirname "$0")/../.."
weightnorm=(node --import tsx cli/main.ts)

# planned NAME FLAGS...: a sweep of that name; the same plan twice is no error
planned() {
  "${weightnorm[@]}" sweep plan --threads 1 "${@:2}" --out "$sweeps/$1" >/dev/null
}
# trained NAME...: all their trials, seed by seed over all of them, so that what is there at any time compares; with FEW="N ARM ..." those arms get
# the first N seeds alone. Ends the script where one has no result then: what follows may rest on it
trained() {
  [ -z "$only" ] || return 0
  local name
  for name in "$@"; do
    node -e 'const [name, file, fewer] = process.argv.slice(1);
      const [most, ...few] = fewer.split(" ");
      for (const { index, seed, arm } of JSON.parse(require("fs").readFileSync(file)).trials)
        if (!few.includes(arm) || seed <= Number(most)) console.log(seed, name, index);' \
      "$name" "$sweeps/$name/sweep.json" "${FEW-}"
  done | sort -s -n -k 1,1 | cut -d ' ' -f 2- |
    xargs -P "$workers" -L 1 sh -c 'exec node --import tsx cli/main.ts sweep run "$0/$1" --index "$2" --quiet' "$sweeps"
}

# Robustness to the rate, under momentum on MNIST: 0.5 h
planned mnist-rates --experiment mnist --optimizer sgd --epochs 1 --lr 0.001,0.003,0.01,0.03,0.1,0.3,1,3,10 --seed 1,2,3
trained mnist-rates

# The VAE's baseline without data-dependent initialization, at the preset's rate and length: 0.5 h
planned vae-as-drawn --experiment vae --preset small --arms plain --as-drawn --seed 1,2,3
trained vae-as-drawn

# CIFAR-10's rates on held-out images: 1.7 h
cifar=(--experiment cifar10 --preset small --data-dir "$cifar10")
planned cifar10-rates "${cifar[@]}" --lr 0.0003,0.001,0.003,0.01 --epochs 2
trained cifar10-rates

# Deep Q-learning: 4.1 h
for game in breakout space-invaders seaquest; do
  planned dqn-$game --experiment dqn --game $game --arms plain,weight"$([ $game = breakout ] && echo ,batch || true)" --seed 1,2,3,4,5
done
FEW="3 batch" trained dqn-breakout dqn-space-invaders dqn-seaquest
[ -z "$only" ] || exit 0

# CIFAR-10, each arm at its best rate: 5.1 h for three seeds of plain, weight and weight+mean-only and one of the others
planned cifar10 "${cifar[@]}" --rates-of "$sweeps/cifar10-rates" --epochs 10 --seed 1,2,3
FEW="1 batch mean-only" trained cifar10

# The VAE's rates, then eight epochs at the best: 0.9 h and 4 h
rates=(--lr 0.001,0.002,0.004 --epochs 2)
planned vae-rates --experiment vae --preset small --arms plain,weight "${rates[@]}"
planned vae-as-drawn-rates --experiment vae --preset small --arms plain --as-drawn "${rates[@]}"
trained vae-rates vae-as-drawn-rates
planned vae --experiment vae --preset small --arms plain,weight --rates-of "$sweeps/vae-rates" --epochs 8 --seed 1,2,3
planned vae-as-drawn-long --experiment vae --preset small --arms plain --as-drawn --rates-of "$sweeps/vae-as-drawn-rates" --epochs 8 --seed 1,2,3
trained vae vae-as-drawn-long

# DRAW at the paper's settings, 30 of its 100 epochs: 5.3 h; with attention 3 epochs of one seed, as many as three hours hold for each arm: 6 h
planned draw --experiment draw --preset paper --epochs 30 --seed 1,2,3
trained draw
planned draw-attention --experiment draw --preset paper-attention --epochs 3 --seed 1
trained draw-attention
