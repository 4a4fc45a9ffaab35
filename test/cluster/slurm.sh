#!/usr/bin/env bash
# A sweep as an array of a real Slurm, one node of two cores, with a forced preemption: do its trials end with the bits of those
# that were run one after the other? For root, with slurm-wlm and munge installed; it starts daemons of its own and ends them.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
for program in slurmctld slurmd munged sbatch; do
  command -v "$program" >/dev/null || { echo "$program: expected it, got none; apt-get install slurm-wlm munge"; exit 1; }
done
work=$(mktemp -d /tmp/weightnorm-slurm-XXXXXX)
host=$(hostname -s)
export SLURM_CONF=$work/slurm.conf
mkdir -p "$work/state" "$work/spool"

cat >"$SLURM_CONF" <<CONF
ClusterName=weightnorm
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=30
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=low Nodes=$host Default=YES PriorityTier=1 PreemptMode=REQUEUE MaxTime=INFINITE State=UP
PartitionName=high Nodes=$host PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE State=UP
CONF

munge=""
if ! munge -n 2>/dev/null | unmunge >/dev/null 2>&1; then
  mkdir -p /run/munge && chown munge:munge /run/munge
  runuser -u munge -- munged --pid-file="$work/munged.pid" 2>/dev/null || runuser -u munge -- munged
  munge=$(pgrep -n -x munged)
fi
end() {
  for pid in "$(cat "$work/slurmctld.pid" 2>/dev/null)" "$(cat "$work/slurmd.pid" 2>/dev/null)" $munge; do
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  done
}
trap end EXIT
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 50); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 0.2; done
echo "Slurm: $(sinfo --version), $(sinfo -h -p low -o '%D node of %c cores, %T')"

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
rm -rf "$work"
