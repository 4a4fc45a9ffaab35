/** What a run on minibatches has measured so far: part of its checkpoint, so that a resumed run goes on counting. */
import * as z from "zod/mini";
import type { Checkpoint } from "../../src/index.ts";
import { checked } from "../checked.ts";

const finite = z.number();
const means = z.record(z.string(), finite);
const layer = z.object({ layer: z.string(), v: finite, g: finite, effectiveStep: finite });

/** One epoch. Seconds count training alone (no evaluation, no checkpoints). */
const epochResult = z.object({
  epoch: finite,
  seconds: finite,
  /** On the minibatches that were trained on, noise and all. */
  train: means,
  test: means,
  /** On training examples held out to choose a learning rate by, where there were several. */
  heldOut: z.optional(means),
});
export type EpochResult = z.infer<typeof epochResult>;

/** A point of the training curve: the mean loss over the steps since the point before. */
const curvePoint = z.object({
  step: finite,
  /** step / steps an epoch. */
  epoch: finite,
  seconds: finite,
  loss: finite,
  layers: z.readonly(z.array(layer)),
  /** Where it was measured: at the end of every epoch, and within epochs where there are few of them. */
  test: z.optional(means),
});
export type CurvePoint = z.infer<typeof curvePoint>;

const progress = z.object({
  epochs: z.array(epochResult),
  curve: z.array(curvePoint),
  stepMilliseconds: z.array(finite),
  /** Training time alone. */
  seconds: finite,
  /** Training and evaluation, over all processes that went on with the run. */
  wallSeconds: finite,
  /** Sums over the epoch under way. */
  epoch: z.object({ steps: finite, sums: means }),
  /** Sums since the last point of the curve. */
  point: z.object({ loss: finite, steps: finite }),
  /** What initialization found; runs from before did not keep it. */
  dead: z.optional(z.record(z.string(), finite)),
  /** Numbers that training changes; runs from before did not keep it. */
  parameters: z.optional(finite),
});
export type Progress = z.infer<typeof progress>;

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
export const progressOf = (checkpoint: Checkpoint, where: string): Progress =>
  structuredClone(
    checked(progress, checkpoint.progress, { where, advice: "use an earlier checkpoint" }),
  );
