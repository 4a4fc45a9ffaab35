#!/usr/bin/env bash
# Two ranks train on CIFAR-10; one of them, at random, is killed at a random moment, and the run goes on: are the bits those of a run that was
# left alone? Ten times, a quarter of an hour on idle cores: test/cluster/kills.sh FOLDER-OF-CIFAR-10 [TIMES]
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${1:?expected the folder of the six binary files of CIFAR-10, got none; name it}
times=${2:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=(node --import tsx cli/main.ts)
line=(train cifar10 --preset small --arm weight --epochs 1 --train-size 5000 --test-size 500 --data-dir "$data" --quiet)
flags=(-n 2 --oversubscribe --bind-to none)
[ "$(id -u)" != 0 ] || flags+=(--allow-run-as-root)
train() { mpirun "${flags[@]}" "${program[@]}" "${line[@]}" "$@"; }
# Of the tensors alone: what stands before them has times in it.
bits() { node -e 'const b = require("fs").readFileSync(process.argv[1]); const n = Number(b.readBigUInt64LE(0));
  console.log(require("crypto").createHash("sha256").update(b.subarray(8 + n)).digest("hex"))' "$1/checkpoints/weight-1.safetensors"; }

began=$(date +%s)
train --out "$work/alone"
took=$(($(date +%s) - began))
alone=$(bits "$work/alone")
echo "left alone: $took s"
failed=0
for i in $(seq "$times"); do
  out=$work/$i
  mpirun "${flags[@]}" "${program[@]}" "${line[@]}" --out "$out" >"$work/said" 2>&1 &
  launcher=$!
  sleep $((3 + RANDOM % took))
  ranks=($(pgrep -P "$launcher" || true))
  [ ${#ranks[@]} = 0 ] || kill -9 "${ranks[RANDOM % ${#ranks[@]}]}" 2>/dev/null || true
  code=0
  wait "$launcher" || code=$?
  again=(--resume "$out")
  [ -e "$out/config.json" ] || again=(--out "$out")
  train "${again[@]}" >"$work/said" 2>&1 || { cat "$work/said"; failed=$((failed + 1)); continue; }
  if [ "$(bits "$out")" = "$alone" ]; then echo "$i: ended with $code, went on to the same bits"; else
    echo "$i: ended with $code, went on to OTHER BITS"
    failed=$((failed + 1))
  fi
done
echo "$((times - failed)) of $times"
[ "$failed" = 0 ]
