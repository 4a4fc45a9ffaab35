/** What all generative models are fed with, trained on, judged by, and shown as. */
import {
  gatherRows,
  input,
  ops,
  tensor,
  type ImageSet,
  type Network,
  type Node,
} from "../../src/index.ts";
import type { Exhibits, Picture } from "../../runs/experiment.ts";
import { optimizerOf, scheduleOf, type MinibatchConfig } from "../../runs/minibatch/config.ts";
import type { DataSet, Task, TrainedModel } from "../../runs/minibatch/task.ts";
import type { Measure } from "../../runs/records.ts";
import { negativeLogLikelihood } from "./likelihood.ts";
import type { Model } from "./model.ts";
import { looksOf, type Sampling } from "./looks.ts";
import { pictureKey, reconstructions, samples, traversals } from "./pictures.ts";

/** Intensities 0 to 1 as the input `x` [size, c, h, w]. */
export const intensities = ({ images, count, channels, height, width }: ImageSet): DataSet => {
  const shape = [channels, height, width];
  return {
    count,
    inputs: (size) => [input("x", [size, ...shape])],
    feeds: (rows) => ({
      x: tensor(gatherRows(images, channels * height * width, rows, { scale: 1 / 255 }), [
        rows.length,
        ...shape,
      ]),
    }),
  };
};

/** The bound and its two parts, in nats or, `dimensions` being given, in bits for each of them. */
export const boundOf = (dimensions?: number): readonly Measure[] => {
  const [unit, scale, digits] =
    dimensions === undefined ? ["nats", 1, 2] : ["bits/dim", 1 / (dimensions * Math.LN2), 3];
  return ["bound", "reconstruction", "kl"].map((key) => ({
    ...{ key, unit, scale, digits, better: "lower" },
  }));
};

/** How many samples a report shows. */
const SAMPLES = 64;

/** The parts of a task that follow from how a model is made of a configuration's numbers. */
export function generative(
  modelOf: (network: MinibatchConfig["network"]) => Model,
  { estimate, moreSamples, more }: GenerativeOptions,
): Pick<Task, "network" | "rates" | "optimizer" | "sample" | "show" | "looks"> {
  const network =
    (model: Model, x: Node): Network =>
    (scope) => {
      const { loss, reconstruction, kl } = model.bound(scope, x);
      return { loss, bound: ops.add(reconstruction, kl), reconstruction, kl };
    };
  const sample: Sampling = async (drawer, options) => [
    await samples(modelOf(drawer.config.network), drawer, options),
    ...((await moreSamples?.(drawer, options)) ?? []),
  ];
  return {
    network: ([x], config) => network(modelOf(config.network), x),
    rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
    optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
    sample,
    looks: (asked) => looksOf(modelOf(asked.config.network), asked, sample),
    async show(trained): Promise<Exhibits> {
      const model = modelOf(trained.config.network);
      const nats = await negativeLogLikelihood(model, trained, estimate);
      const unit = estimate.measure;
      const name = `-log p(x), ${estimate.draws} draws, ${Math.min(estimate.examples, trained.data.test.count)} images (${unit.unit})`;
      const pictures = [
        ...(await sample(trained, { count: SAMPLES, key: pictureKey(trained) })),
        await reconstructions(model, trained),
        ...(model.decode ? [await traversals(model, trained, model.decode)] : []),
        ...((await more?.(trained)) ?? []),
      ];
      return { measured: { [name]: unit.scale * nats }, pictures };
    },
  };
}

export interface GenerativeOptions {
  /** How the log-likelihood is estimated: from so many draws of z for each of so many test images. */
  readonly estimate: {
    readonly draws: number;
    readonly examples: number;
    /** Whether images are made black and white first. */
    readonly binary: boolean;
    /** Its unit. */
    readonly measure: Measure;
  };
  /** Pictures of samples, and of a trained model, that only this one has. */
  readonly moreSamples?: Sampling;
  readonly more?: (trained: TrainedModel) => Promise<readonly Picture[]>;
}
