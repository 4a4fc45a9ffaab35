#!/usr/bin/env bash
# A sweep as an array of a real Slurm, one node of two cores, with a forced preemption: do its trials end with the bits of those
# that were run one after the other? For root, with slurm-wlm and munge installed; it starts daemons of its own and ends them.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
settings="PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=30
PartitionName=low Nodes=NODE Default=YES PriorityTier=1 PreemptMode=REQUEUE MaxTime=INFINITE State=UP
PartitionName=high Nodes=NODE PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE State=UP"
. test/cluster/own-slurm.sh

weightnorm() { node --import tsx cli/main.ts "$@"; }
plan() {
  weightnorm sweep plan --experiment mnist --arms plain,weight --lr 0.001,0.003 --seed 1 --threads 1 \
    --train-size 500 --test-size 500 --batch-size 50 --epochs 60 --out "$1" >/dev/null
}
plan "$work/serial"
plan "$work/swept"
for i in 0 1 2 3; do weightnorm sweep run "$work/serial" --index $i --quiet >/dev/null 2>&1; done
echo "one after the other: $(weightnorm sweep status "$work/serial")"

# What a person would write; `exec`, so that signals reach the program and not a shell that waits for it.
cat >"$work/sweep.sbatch" <<BATCH
#!/bin/bash
#SBATCH --array=0-3%2 --cpus-per-task=1 --requeue --open-mode=append --output=$work/trial-%a.txt
cd $root
echo "started \${SLURM_RESTART_COUNT:-0} times before"
exec node --import tsx cli/main.ts sweep run $work/swept --quiet
BATCH
job=$(sbatch --parsable "$work/sweep.sbatch")
log=$(echo "$work"/swept/trials/plain-lr0.001-*)/log.jsonl
for _ in $(seq 600); do
  log=$(ls "$work"/swept/trials/plain-lr0.001-*/log.jsonl 2>/dev/null || true)
  [ -n "$log" ] && [ "$(grep -c '"type":"measured"' "$log")" -ge 5 ] && break
  sleep 0.1
done
echo "before: $(squeue -h -r -o '%i %T' | tr '\n' ';')"
urgent=$(sbatch --parsable -p high --cpus-per-task=2 --output=/dev/null --wrap "sleep 3")
for _ in $(seq 600); do squeue -h -j "$urgent" -o %T 2>/dev/null | grep -q PENDING || break; sleep 0.2; done
echo "preempted by job $urgent: $(squeue -h -r -j "$job" -o '%i %T %r' | tr '\n' ';')"
weightnorm sweep status "$work/swept"
for _ in $(seq 300); do
  left=$(squeue -h -r -j "$job" -o %i 2>/dev/null || true)
  [ -z "$left" ] && break
  for id in $left; do scontrol update "JobId=$id" StartTime=now 2>/dev/null || true; done # Slurm waits two minutes by itself
  sleep 2
done
for i in 0 1 2 3; do sed "s|$work|TMP|g; s/^/trial-$i.txt: /" "$work/trial-$i.txt" | grep -v "weightnorm train"; done
weightnorm sweep status "$work/swept"
node --import tsx --input-type=module -e "
import { differences } from '$root/bench/sweeps/compared.ts';
const faults = await differences('$work/swept', '$work/serial');
console.log(faults.length === 0 ? 'every trial once, with the bits of the serial ones' : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;
"
grep -l "started [1-9]" "$work"/trial-*.txt >/dev/null || { echo "expected a trial that was preempted, got none"; exit 1; }
