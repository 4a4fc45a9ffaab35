/** The paper's CIFAR-10 network: every arm and PyTorch's in turn, what the convolutions get out of the machine, memory. */
import type { Arm } from "../runs/records.ts";
import { sizeOf } from "../src/index.ts";
import { loadOnnxRuntime } from "../src/node/index.ts";
import { probeTarget } from "../src/runtime/probe.ts";
import { subjects } from "./subjects.ts";
import { inProcess } from "./own-process.ts";
import { startPeer } from "./peer.ts";
import {
  announced,
  conditions,
  raceArms,
  spread,
  type ArmBench,
  type BenchOptions,
  type Conditions,
  type Spread,
} from "./race.ts";

export interface Cifar10Bench extends Conditions {
  readonly bench: "cifar10";
  /** Channels in a block of the layout that was used; 0: the plain one. */
  readonly block: number;
  readonly arms: readonly ArmBench[];
  readonly convolutions: {
    /** Multiplications and additions of a step's convolutions, in 1e9. */
    readonly gigaflop: number;
    readonly gigaflopPerSecond: Spread;
    /** Of one large matrix product on the same runtime and threads, between the steps. */
    readonly matmulGigaflopPerSecond: Spread;
  };
  /** Of a process that trains the weight arm. */
  readonly peakMebibytes: number;
  /** Of one that initializes, trains and evaluates all five arms in turn, beside the whole data set, as `weightnorm compare` does. */
  readonly compare: Memory;
}

interface Memory {
  readonly peakMebibytes: number;
}
interface Profile {
  readonly convolutionMilliseconds: readonly number[];
  readonly matmulGigaflopPerSecond: readonly number[];
}

const BATCH = 100;
const WIDTH = 96;
const ARMS: readonly Arm[] = ["plain", "weight", "batch", "weight+mean-only"];
const PEER_ARMS: readonly Arm[] = ["plain", "weight", "batch"];

export async function benchCifar10({
  threads,
  rounds,
  steps,
  blocked,
  say,
}: BenchOptions): Promise<Cifar10Bench> {
  const subject = subjects.cifar10;
  const peer = await startPeer(subject.peer);
  const block = blocked ? (await probeTarget(await loadOnnxRuntime())).block : 0;
  const layout = block > 0 ? `images in blocks of ${block} channels` : "plain layout";
  say(`${announced(peer, threads, BATCH)}, ${layout}`);
  const race = { subject, arms: ARMS, peerArms: PEER_ARMS, batch: BATCH, width: WIDTH };
  const arms = await raceArms(peer, { ...race, threads, rounds, steps, blocked, say });
  say("the convolutions and a matrix product in turn, memory");
  const profiled = await inProcess<Profile>("profile", { threads, blocked });
  const { peakMebibytes } = await inProcess<Memory>("memory", { threads, blocked });
  const compare = await inProcess<Memory>("compare", { threads, blocked });
  const gigaflop = (2 * BATCH * multiplications(WIDTH)) / 1e9;
  return {
    bench: "cifar10",
    ...conditions(peer, BATCH, { threads, rounds, steps }),
    block,
    arms,
    convolutions: {
      gigaflop,
      gigaflopPerSecond: spread(
        profiled.convolutionMilliseconds.map((ms) => (1000 * gigaflop) / ms),
      ),
      matmulGigaflopPerSecond: spread(profiled.matmulGigaflopPerSecond),
    },
    peakMebibytes,
    compare,
  };
}

/** Of an image: the nine convolutions forward, to their weights, and all but the first to their inputs. */
function multiplications(width: number): number {
  const [a, b] = [width, 2 * width];
  const layers = [
    [32, 3, a, 9],
    [32, a, a, 9],
    [32, a, a, 9],
    [16, a, b, 9],
    [16, b, b, 9],
    [16, b, b, 9],
    [6, b, b, 9],
    [6, b, b, 1],
    [6, b, b, 1],
  ];
  return layers
    .map(([size, from, to, taps], i) => (i === 0 ? 2 : 3) * sizeOf([size, size, from, to, taps]))
    .reduce((x, y) => x + y);
}
