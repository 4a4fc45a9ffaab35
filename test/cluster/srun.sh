#!/usr/bin/env bash
# Ranks that a real Slurm starts, one node of two cores: by srun with PMIx (Open MPI), with PMI-2 (MPICH, where it is installed) and with
# nothing, by mpirun in a batch script, and what ends them. For a person, as root: it needs slurm-wlm, munge, openmpi-bin and libpmix-dev
# (which has the name that Debian's Slurm looks for), starts daemons of its own, and takes a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v mpirun.openmpi >/dev/null || { echo "mpirun.openmpi: expected it, got none; apt-get install openmpi-bin libpmix-dev"; exit 1; }
settings="KillWait=10
PartitionName=all Nodes=NODE Default=YES MaxTime=INFINITE State=UP"
. test/cluster/own-slurm.sh

failed=0
verdict() { # NAME WHETHER: and what was said, where it is not so
  if [ "$2" = 0 ]; then echo "passed: $1"; else echo "FAILED: $1, got code $code and:"; tail -20 "$work/said"; failed=$((failed + 1)); fi
}
code=0
ranks="node --import tsx test/cluster/programs/rank.ts $work/out"
run() { # a command, within a minute
  rm -f "$work"/out/*
  code=0
  WEIGHTNORM_RANKS_TIMEOUT=3 timeout -k 5 60 "$@" >"$work/said" 2>&1 || code=$?
}
is() { # NAME CODE: exactly that; "not 0" is what no run of mine was hung by, either
  local whether=1
  if [ "$2" = "not 0" ]; then [ "$code" != 0 ] && [ "$code" != 124 ] && whether=0; else [ "$code" = "$2" ] && whether=0; fi
  verdict "$1" $whether
}
saw() { local no=0; grep -q "\"rank\":1,\"size\":2.*\"launcher\":\"$1\"" "$work/out/1.json" || no=1; verdict "and each is one of two" $no; }
said() { local no=0; grep -q "$1" "$work/said" || no=1; verdict "and it says: $1" $no; }
started() { for _ in $(seq 200); do [ -s "$work/out/0.json" ] && [ -s "$work/out/1.json" ] && return; sleep 0.1; done; }

run srun --mpi=pmix -n 2 $ranks calls
is "srun --mpi=pmix starts two ranks" 0 && saw "srun --mpi=pmix"
run srun --mpi=pmix -n 2 $ranks throws
is "one that throws ends both" 70
run srun --mpi=pmix --kill-on-bad-exit=1 -n 2 $ranks hangs
is "one that hangs is not waited for any longer" "not 0" && said "got nothing in 3 s, and ends the job"
run srun --mpi=pmix --kill-on-bad-exit=1 -n 2 $ranks killed
is "one that is killed ends both" "not 0"
run srun --mpi=none -n 2 $ranks calls
is "srun without MPI is an error" 1 && said "say srun --mpi=pmix"
if command -v mpirun.mpich >/dev/null; then
  run srun --mpi=pmi2 -n 2 $ranks calls
  is "srun --mpi=pmi2 starts two ranks of MPICH" 0 && saw "srun --mpi=pmi2"
  run env WEIGHTNORM_MPI_LIB=libmpich.so.12 srun --mpi=pmix -n 2 $ranks calls
  is "MPICH under PMIx is an error" 1 && said "got rank 0 of 1 from libmpich.so.12"
fi

batch() { printf '#!/bin/bash\n#SBATCH -n 2 -o %s\ncd %s\n%s\n' "$work/said" "$PWD" "$1" >"$work/batch"; rm -f "$work"/out/*; }
batch "exec mpirun.openmpi --allow-run-as-root $ranks calls"
code=0 && timeout 60 sbatch -W "$work/batch" >/dev/null || code=$?
is "mpirun in a batch script starts two, unasked" 0 && saw "mpirun of Open MPI"
batch "exec srun --mpi=pmix --kill-on-bad-exit=1 $ranks stops"
job=$(sbatch --parsable "$work/batch")
started
scancel -s USR2 "$job"
for _ in $(seq 100); do squeue -h -j "$job" 2>/dev/null | grep -q . || break; sleep 0.1; done
code=$(scontrol show job "$job" | sed -n 's/.*[^d]ExitCode=\([0-9]*\):.*/\1/p')
is "SIGUSR2, as --signal=USR2@120 sends it, stops both together" 75

[ $failed = 0 ] && echo "all passed" || { echo "$failed failed"; exit 1; }
