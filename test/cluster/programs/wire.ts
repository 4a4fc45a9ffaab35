/** Sums of a vector over hosts: how many bytes of it go over the wire, or on and on until a link is down. */
import { readFileSync } from "node:fs";
import { joined } from "../../../cluster/mpi/index.ts";

const [, , megabytes = "10", times = "10"] = process.argv;
const job = (await joined())!;
const { ranks } = job;
/** Bytes that this network's cards have sent. */
const sent = (): number =>
  [...readFileSync("/proc/net/dev", "utf8").matchAll(/eth0:(.*)/g)].reduce(
    (sum, [, line]) => sum + Number(line.trim().split(/\s+/)[8]),
    0,
  );
const vector = new Float32Array((Number(megabytes) * 1e6) / 4).fill(1);
ranks.sum(vector); // with what connections cost
ranks.meet();
const [before, start] = [sent(), performance.now()];
for (let i = 0; i < Number(times); i++) {
  ranks.sum(vector);
  if (i === 0 && times === "Infinity") process.stdout.write(`rank ${ranks.rank} is on its way\n`);
}
const seconds = (performance.now() - start) / 1000;
const own = (sent() - before) / (vector.byteLength * Number(times));
ranks.meet();
const all = new Float64Array(ranks.size);
all[ranks.rank] = own;
ranks.sum(all);
if (ranks.rank === 0) {
  const share = [...all].map((x) => x.toFixed(3)).join(" ");
  const [n, rate] = [ranks.size, (vector.byteLength * Number(times)) / seconds / 1e6];
  process.stdout.write(
    `N = ${n} on ${ranks.hosts.join(", ")}: each sent ${share} vectors a sum, 2(N-1)/N = ${((2 * (n - 1)) / n).toFixed(3)}; ${rate.toFixed(0)} MB of vector a second\n`,
  );
}
job.end();
