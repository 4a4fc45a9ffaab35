#!/usr/bin/env bash
# Three hosts in network namespaces of this machine, and one run over them by TCP: bytes on the wire, and a link that is taken down.
# For a person, as root: sudo test/cluster/hosts.sh. It needs Open MPI (openmpi-bin), iproute2 and util-linux, and takes a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "hosts.sh: expected root, which makes network namespaces; run it by sudo"; exit 1; }

PATIENCE=10                # WEIGHTNORM_RANKS_TIMEOUT of the run whose link goes down, in seconds
STATED=$((PATIENCE + 10))  # within which docs/guide/clusters.md says that its job ends
HOSTS="wn1 wn2 wn3"
NET=10.77.7
WORK=$(mktemp -d)
MARK=$(basename "$WORK")   # in the command lines of all that this script starts
failed=0

clean() {
  for pid in $(pgrep -f "$MARK" || true); do [ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null || true; done
  for i in 1 2 3; do ip link del "wnv$i" 2>/dev/null || true; done # a network lives on for minutes with what it could not send
  for host in $HOSTS; do ip netns del "$host" 2>/dev/null || true; rm -rf "/etc/netns/$host"; done
  ip link del wnbr 2>/dev/null || true
  rm -rf "$WORK"
}
trap clean EXIT
check() { # NAME CONDITION...
  if "${@:2}"; then echo "passed: $1"; else echo "FAILED: $1"; failed=$((failed + 1)); fi
}

ip link add wnbr type bridge
ip link set wnbr up
i=0
for host in $HOSTS; do
  i=$((i + 1))
  ip netns add "$host"
  ip link add "wnv$i" type veth peer name eth0 netns "$host"
  ip link set "wnv$i" master wnbr up
  ip -n "$host" addr add "$NET.$i/24" dev eth0
  ip -n "$host" link set lo up
  ip -n "$host" link set eth0 up
  mkdir -p "/etc/netns/$host"
  printf '127.0.0.1 localhost\n%s.1 wn1\n%s.2 wn2\n%s.3 wn3\n' $NET $NET $NET >"/etc/netns/$host/hosts"
  echo "$host slots=1" >>"$WORK/hosts"
done
# What mpirun starts its daemons with, in the place of ssh: a host's name and network, and a folder of its own.
cat >"$WORK/agent" <<'AGENT'
#!/bin/sh
host=$1; shift
exec ip netns exec "$host" unshare --uts /bin/sh -c 'hostname "$0"; TMPDIR="$1/tmp-$0"; export TMPDIR; mkdir -p "$TMPDIR"; eval "$2"' "$host" "$(dirname "$0")" "$*"
AGENT
chmod +x "$WORK/agent"

job() { # N FLAGS... -- ARGUMENTS OF wire.ts
  local n=$1 flags=(); shift
  while [ "$1" != -- ]; do flags+=("$1"); shift; done; shift
  timeout -k 10 180 "$WORK/agent" wn1 "cd $PWD; exec mpirun.openmpi --allow-run-as-root --hostfile $WORK/hosts --bind-to none \
    --mca plm rsh --mca plm_rsh_agent $WORK/agent --mca pml ob1 --mca btl self,tcp \
    --mca btl_tcp_if_include $NET.0/24 --mca oob_tcp_if_include $NET.0/24 \
    -x OMPI_MCA_mpi_yield_when_idle=1 ${flags[*]} -n $n \
    $(command -v node) --import tsx test/cluster/programs/wire.ts $* $MARK"
}
near() { # THEORY FILE: every figure of the line is within 3 % of it
  sed -n 's/.*each sent \([0-9. ]*\) vectors.*/\1/p' "$2" |
    awk -v t="$1" 'NF == 0 { exit 1 } { for (i = 1; i <= NF; i++) if ($i < t * 0.97 || $i > t * 1.03) exit 1; seen = 1 } END { exit !seen }'
}

echo "== bytes on the wire, a vector of 10 MB, ten sums"
job 2 -- 10 10 | tee "$WORK/two"
check "two ranks send the vector once each" near 1 "$WORK/two"
job 3 --mca coll_tuned_use_dynamic_rules 1 --mca coll_tuned_allreduce_algorithm 4 -- 10 10 | tee "$WORK/ring"
check "three, in a ring, send 4/3 of it each" near 1.3333 "$WORK/ring"
echo "for comparison, three by the algorithm that Open MPI chooses:"
job 3 -- 10 10

echo "== a link that is taken down, WEIGHTNORM_RANKS_TIMEOUT=$PATIENCE"
export WEIGHTNORM_RANKS_TIMEOUT=$PATIENCE
job 3 -- 1 Infinity >"$WORK/down" 2>&1 &
job=$!
for _ in $(seq 300); do
  [ "$(grep -c 'is on its way' "$WORK/down")" = 3 ] && break
  sleep 0.2
done
check "three ranks are on their way" [ "$(grep -c 'is on its way' "$WORK/down")" = 3 ]
ip link set wnv3 down
start=$(date +%s.%N)
code=0
wait $job || code=$?
took=$(echo "$(date +%s.%N) - $start" | bc)
cat "$WORK/down"
echo "the job ended $took s after the link did, with code $code"
check "it ended within $STATED s" [ "$(echo "$took < $STATED" | bc)" = 1 ]
check "with another code than 0" [ "$code" != 0 ]
left() { pgrep -f "wire.ts .*$MARK" >"$WORK/left" || true; [ ! -s "$WORK/left" ]; }
for _ in $(seq $((STATED * 5 - ${took%.*} * 5))); do left && break; sleep 0.2; done
check "and no rank of it is left on any host after that" left

[ $failed = 0 ] && echo "all passed" || { echo "$failed failed"; exit 1; }
