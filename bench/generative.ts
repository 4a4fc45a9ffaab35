/** The training steps of the paper's VAE and of DRAW, in turn with PyTorch's. */
import type { Arm } from "../runs/records.ts";
import { subjects } from "./subjects.ts";
import { startPeer } from "./peer.ts";
import {
  announced,
  conditions,
  raceArms,
  type ArmBench,
  type BenchOptions,
  type Conditions,
} from "./race.ts";

export interface GenerativeBench extends Conditions {
  readonly bench: string;
  readonly models: readonly { readonly name: string; readonly arms: readonly ArmBench[] }[];
}

interface Entry {
  readonly title: string;
  readonly subject: keyof typeof subjects;
  readonly width: number;
}
const MODELS: Readonly<Record<"vae" | "draw", readonly Entry[]>> = {
  vae: [{ title: "VAE, 16 to 32 feature maps", subject: "vae", width: 16 }],
  draw: [
    { title: "DRAW, 10 steps, no attention", subject: "draw", width: 256 },
    { title: "DRAW, 64 steps, attention", subject: "draw-attention", width: 256 },
  ],
};
const BATCH = 100;
const ARMS: readonly Arm[] = ["plain", "weight"];

export async function benchGenerative(
  bench: keyof typeof MODELS,
  options: BenchOptions,
): Promise<GenerativeBench> {
  const { threads, rounds, steps, say } = options;
  const [{ subject }] = MODELS[bench];
  const peer = await startPeer(subjects[subject].peer);
  say(announced(peer, threads, BATCH));
  const models = [];
  for (const { title, subject: name, width } of MODELS[bench]) {
    say(title);
    const race = { subject: subjects[name], arms: ARMS, peerArms: ARMS, batch: BATCH, width };
    models.push({ name: title, arms: await raceArms(peer, { ...race, ...options }) });
  }
  return {
    bench,
    ...conditions(peer, BATCH, { threads, rounds, steps }),
    models,
  };
}
