#!/usr/bin/env bash
# On a machine with a graphics card, all that there is to find out of it, in less than ten minutes: whether every op conforms there,
# and what steps of MNIST's and CIFAR-10's networks take by WebGPU and on the same machine's CPU. Prints a table and keeps the figures
# in bench/results/gpu-<card>.json. SMALL=1 bench/gpu.sh only shows that it works, on lavapipe for one: scripts/lavapipe.sh
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d node_modules ] || npm ci --no-audit --no-fund

lavapipe=node_modules/.cache/lavapipe
if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then
  card=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -1)
elif [ -z "${VK_ICD_FILENAMES-}" ] && [ -e "$lavapipe/icd.json" ]; then
  source <(scripts/lavapipe.sh --env)
  card=lavapipe
elif command -v vulkaninfo >/dev/null; then
  card=$(vulkaninfo --summary 2>/dev/null | sed -n 's/.*deviceName *= *//p' | head -1)
else
  card=unknown
fi
echo "card: $card" >&2

report=$(mktemp)
trap 'rm -f "$report"' EXIT
if [ -n "${SMALL-}" ]; then
  filter=(-t "relu|matmul|state")
else
  export WHOLE=1
  filter=()
fi
npx vitest run test/conformance/webgpu.test.ts "${filter[@]}" --reporter=json --outputFile="$report" >/dev/null 2>&1 || true
node --import tsx bench/gpu.ts "$card" "$report" ${SMALL:+small}
