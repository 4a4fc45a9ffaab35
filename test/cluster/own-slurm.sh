# A Slurm of one's own, one node of two cores, that ends with the script that sources this one: for root. It needs `$settings`, further lines
# of slurm.conf with the partitions, and gives `$work`, a folder that goes with it. Debian: slurm-wlm, munge.
for program in slurmctld slurmd munged sbatch; do
  command -v "$program" >/dev/null || { echo "$program: expected it, got none; apt-get install slurm-wlm munge"; exit 1; }
done
work=$(mktemp -d)
host=$(hostname -s)
export SLURM_CONF=$work/slurm.conf
mkdir -p "$work/state" "$work/spool" "$work/munge" "$work/out"
chmod 755 "$work" && chown munge:munge "$work/munge"
cat >"$SLURM_CONF" <<CONF
ClusterName=weightnorm
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
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
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
${settings//NODE/$host}
CONF
end() {
  scancel -u root 2>/dev/null || true
  for file in slurmctld.pid slurmd.pid munge/pid; do kill "$(cat "$work/$file")" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end EXIT
runuser -u munge -- munged --socket="$work/munge/socket" --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed"
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 50); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 0.2; done
echo "Slurm: $(sinfo --version), $(sinfo -h -o '%D node of %c cores, %T' | head -1)"
