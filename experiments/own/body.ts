/** The network between examples of the user's own and answers: one that is made for them, or a trained one of somebody else's. */
import type { Layer } from "../../src/index.ts";
import type { World } from "../../runs/experiment.ts";
import type { Task } from "../../runs/minibatch/task.ts";
import type { OwnConfig } from "./settings.ts";
import type { Sizes } from "./sizes.ts";
import type { ModelFound } from "./tuned/found.ts";

export interface Body {
  /** From examples [batch, ...] to `outputs` numbers each: logits of classes, or one standardized number. */
  layer(outputs: number): Layer;
  /** Of a trained model, what is kept of it and what its file calls things. */
  readonly model?: {
    readonly found: ModelFound;
    /** Its input. */
    readonly input: string;
    /** From names of parameters to those of the weights in the file. */
    readonly original: ReadonlyMap<string, string>;
  };
}

/** Where such a network comes from, and what an experiment on it is called and may be told. */
export interface Origin<C extends OwnConfig, B extends Body> extends Pick<
  Task,
  "name" | "about" | "options" | "examples" | "tab" | "rates" | "optimizer"
> {
  readonly settings: NonNullable<Task["settings"]>;
  readonly places: Task["places"];
  /** What those take. */
  readonly takes?: Task["takes"];
  readonly preset: Task["presets"][string];
  /** Batches and epochs that fit the amount of data. */
  readonly sizes: Sizes;
  /** The network, as far as it is known before the data are; one that a run began with is the same or an error. */
  open(config: C, world: World): Promise<B>;
}
