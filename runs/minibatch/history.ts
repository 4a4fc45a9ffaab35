/** From what a run on minibatches keeps in its checkpoint to the events that came out of it. */
import type { Checkpoint } from "../../src/index.ts";
import type { Finished, Happening, Measured, Point } from "../events.ts";
import { quantile } from "../quantile.ts";
import { progressOf, type CurvePoint, type EpochResult, type Progress } from "./progress.ts";

export const pointOf = ({ step, epoch, seconds, loss, layers }: CurvePoint): Point => ({
  type: "point",
  ...{ step, at: epoch, seconds, values: { loss }, layers },
});

/** A test within an epoch, or with all that was measured at its end. */
export const measuredOf = ({
  step,
  epoch: at,
  seconds,
  test,
  ...rest
}: Pick<CurvePoint, "step" | "epoch" | "seconds" | "test"> &
  Partial<Pick<EpochResult, "train" | "heldOut">>): Measured => {
  const { train, heldOut } = rest;
  return {
    type: "measured",
    ...{ step, at, seconds, test: test ?? {} },
    ...(train ? { train } : {}),
    ...(heldOut ? { heldOut } : {}),
  };
};

export interface Ended {
  readonly step: number;
  readonly batchSize: number;
}
export function finishedOf(progress: Progress, { step, batchSize }: Ended): Finished {
  const { stepMilliseconds: each, seconds, wallSeconds: wall, parameters = null } = progress;
  const { communication } = progress;
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(each, q));
  const timing = {
    perSecond: (progress.examples ?? each.length * batchSize) / seconds,
    milliseconds: { median, low, high },
    ...(communication === undefined ? {} : { communication: communication / seconds }),
  };
  return { type: "finished", step, parameters, timing, wall };
}

/** Of a run that kept what initialization found. */
export const initializedOf = ({ dead, start }: Progress): readonly Happening[] =>
  dead ? [{ type: "initialized", step: 0, dead, ...(start ? { layers: start } : {}) }] : [];

/** All events of a run, from its checkpoint. */
export function historyOf(checkpoint: Checkpoint): readonly Happening[] {
  const progress = progressOf(checkpoint, "the checkpoint");
  const { curve, epochs, stopped = false } = progress;
  const { epochs: last, batchSize } = checkpoint.config;
  return [
    ...initializedOf(progress),
    ...curve.flatMap((p) => {
      const end = epochs.find(({ epoch }) => epoch === p.epoch);
      if (end) return [pointOf(p), measuredOf({ ...end, step: p.step })];
      return p.test ? [pointOf(p), measuredOf(p)] : [pointOf(p)];
    }),
    ...(epochs.length > 0 && (stopped || epochs.length === last)
      ? [finishedOf(progress, { step: checkpoint.step, batchSize: Number(batchSize) })]
      : []),
  ];
}
