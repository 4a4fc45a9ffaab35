/** What a run on minibatches has measured so far: part of its checkpoint, so that a resumed run goes on counting. */
import * as z from "zod/mini";
import type { Checkpoint, LayerStats } from "../../src/index.ts";
import { checked } from "../checked.ts";
import type { BestTest } from "./best.ts";
import type { Means } from "./programs.ts";

/** One epoch. Seconds count training alone (no evaluation, no checkpoints). */
export interface EpochResult {
  readonly epoch: number;
  readonly seconds: number;
  /** On the minibatches that were trained on, noise and all. */
  readonly train: Means;
  readonly test: Means;
  /** On training examples held out to choose a learning rate by, where there were several. */
  readonly heldOut?: Means;
}

/** A point of the training curve: the mean loss over the steps since the point before. */
export interface CurvePoint {
  readonly step: number;
  /** step / steps an epoch. */
  readonly epoch: number;
  readonly seconds: number;
  readonly loss: number;
  readonly layers: readonly LayerStats[];
  /** Where it was measured: at the end of every epoch, and within epochs where there are few of them. */
  readonly test?: Means;
}

export interface Progress {
  readonly epochs: EpochResult[];
  readonly curve: CurvePoint[];
  readonly stepMilliseconds: number[];
  /** Training time alone. */
  seconds: number;
  /** Training and evaluation, over all processes that went on with the run. */
  wallSeconds: number;
  /** Sums over the epoch under way; a smaller batch counts as a part of a step. */
  readonly epoch: { steps: number; sums: Means };
  /** Sums since the last point of the curve. */
  readonly point: { loss: number; steps: number };
  /** What initialization found; runs from before did not keep it. */
  dead?: Readonly<Record<string, number>>;
  /** The layers before the first step; runs from before did not keep them. */
  start?: readonly LayerStats[];
  /** Numbers that training changes; runs from before did not keep it. */
  parameters?: number;
  /** Examples trained on, over and over; runs from before had batches of one size. */
  examples?: number;
  /** Seconds of training spent in talking to other processes, and waiting for them. */
  communication?: number;
  best?: BestTest;
  /** Whether tests had stopped to get better. */
  stopped?: boolean;
}

const finite = z.number();
const means = z.record(z.string(), finite);
const layer = z.object({ layer: z.string(), v: finite, g: finite, effectiveStep: finite });
const schema: z.ZodMiniType<Progress> = z.object({
  epochs: z.array(
    z.object({
      ...{ epoch: finite, seconds: finite, train: means, test: means },
      heldOut: z.exactOptional(means),
    }),
  ),
  curve: z.array(
    z.object({
      ...{ step: finite, epoch: finite, seconds: finite, loss: finite },
      layers: z.array(layer),
      test: z.exactOptional(means),
    }),
  ),
  stepMilliseconds: z.array(finite),
  seconds: finite,
  wallSeconds: finite,
  epoch: z.object({ steps: finite, sums: means }),
  point: z.object({ loss: finite, steps: finite }),
  dead: z.exactOptional(z.record(z.string(), finite)),
  start: z.exactOptional(z.array(layer)),
  parameters: z.exactOptional(finite),
  examples: z.exactOptional(finite),
  communication: z.exactOptional(finite),
  best: z.exactOptional(z.object({ epoch: finite, value: finite })),
  stopped: z.exactOptional(z.boolean()),
});

export const emptyProgress = (): Progress => ({
  epochs: [],
  curve: [],
  stepMilliseconds: [],
  seconds: 0,
  wallSeconds: 0,
  epoch: { steps: 0, sums: {} },
  point: { loss: 0, steps: 0 },
});

/** That of a checkpoint, to be changed; throws for what no run of ours has written. */
export const progressOf = (checkpoint: Pick<Checkpoint, "progress">, where: string): Progress =>
  structuredClone(
    checked(schema, checkpoint.progress, { where, advice: "use an earlier checkpoint" }),
  );
