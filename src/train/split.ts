/**
 * A training step for several processes, each of which has a share of every batch: cut where the gradients end. What all have to say
 * to each other is one array of numbers, which is summed between the halves.
 */
import { grad } from "../autodiff/index.ts";
import {
  concat,
  input,
  mean,
  mul,
  optionsOf,
  randomBits,
  reshape,
  sizeOf,
  topological,
  zeros,
  type Input,
  type Node,
  type NodeOf,
  type Update,
} from "../graph/index.ts";
import { trace } from "../nn/index.ts";
import { substitute } from "../onnx/index.ts";
import { tensor, type ProgramSpec, type Tensor } from "../runtime/index.ts";
import { checkOutputs, checkTraining, checkUpdates, lossOf } from "./step-checks.ts";
import { program, trainNames, type Network, type Outputs, type TrainOptions } from "./step.ts";

/** Which examples of a batch a process has. */
export interface Share {
  /** How many the batch has. */
  readonly of: number;
  /** The first of them that is its own, and how many are: at least one. */
  readonly from: number;
  readonly count: number;
}
/** Options of {@link splitStep}; its inputs hold the examples of the share. */
export interface SplitOptions extends TrainOptions {
  readonly share: Share;
  /** The same network on the whole batch: shows which noise is of single examples. It is that of the whole batch, however it is shared. */
  readonly whole: Network;
  /** Outputs whose means over the whole batch are returned beside the loss. */
  readonly means?: readonly string[];
}
/** A training step in two. */
export interface SplitStep {
  /**
   * From the inputs of the share to `flat`, a vector of `length` numbers that is to be summed over all shares, in place. The last
   * number is 0: for a word of whoever sums, as that one of them is to stop.
   */
  readonly gradients: ProgramSpec;
  readonly length: number;
  /** What the sum is for the update, as views of it. */
  feeds(flat: Float32Array): Record<string, Tensor>;
  /** From the sum and the rates to the loss and the means, and the new state; a loss that is not finite changes nothing. */
  readonly update: ProgramSpec;
}

const known = optionsOf<SplitOptions>("splitStep", {
  ...trainNames,
  share: "required",
  whole: "required",
  means: "optional",
});

/**
 * What `trainStep` does, for one of several processes. The loss is a mean over examples. One process with all of the batch changes the
 * state to the same bits; several add up the gradients in another order. Layers that normalize by the batch use the statistics of their
 * own share, and running averages follow those of the whole batch.
 */
export function splitStep(network: Network, options: SplitOptions): SplitStep {
  const { optimizer, also = () => [], means = [] } = checkTraining(network, known(options));
  const { norm, key, share, whole, inputs } = options;
  checkShare(share);
  const weight = share.count / share.of;
  const sums = summed();
  const mode = { mode: "train", norm, ...(key ? { key } : {}) } as const;
  const { value, parameters, updates } = trace(network, {
    ...mode,
    part: { times: share.of / share.count, mean: (own) => sums.of(mul(own, weight)) },
  });
  checkOutputs(value);
  const noise = key ? noiseOfWhole(value, trace(whole, mode).value, share) : new Map<Node, Node>();
  const own = replaced(value, noise);
  const missing = means.find((name) => !Object.hasOwn(own, name));
  if (missing !== undefined)
    throw new Error(
      `splitStep: expected the network to return "${missing}", of which the mean is asked for, got ${Object.keys(own).join(", ")}; return it, or leave it out of means`,
    );
  const loss = mul(lossOf(own), weight);
  const gradients = grad(loss, parameters);
  const outputs = {
    ...Object.fromEntries(means.map((name) => [name, sums.of(mul(mean(own[name]), weight))])),
    loss: sums.of(loss),
  };
  const steps = checkUpdates("optimizer", optimizer(parameters, gradients.map(sums.of)));
  const further = checkUpdates("also", also([...updates, ...steps]));
  const all = [...updates, ...steps, ...further];
  checkRests(all, key ? [key, ...sums.inputs()] : sums.inputs(), noise);
  const { flat } = replaced({ flat: sums.flat() }, noise);
  return {
    gradients: program(options, { flat }),
    length: flat.shape[0],
    feeds: sums.feeds,
    update: {
      ...program({ inputs: [...inputs, ...(key ? [key] : []), ...sums.inputs()] }, outputs, all),
      watch: ["loss"],
    },
  };
}

function checkShare({ of, from, count }: Share): void {
  const isRange = [of, from, count].every(Number.isInteger) && from >= 0 && from + count <= of;
  if (isRange && count > 0) return;
  throw new Error(
    `splitStep: the share must be at least one example of the batch, got ${count} from ${from} of ${of}; give fewer processes a share`,
  );
}

/** Values that are summed over all processes: what each has of them in one vector, and what the sum is as inputs. */
function summed(): {
  of(own: Node): Node;
  inputs(): readonly Input[];
  flat(): Node;
  feeds(flat: Float32Array): Record<string, Tensor>;
} {
  const all: { readonly own: Node; readonly sum: Input }[] = [];
  return {
    of(own) {
      const sum = input(`sum ${all.length}`, own.shape);
      all.push({ own, sum });
      return sum;
    },
    inputs: () => all.map(({ sum }) => sum),
    flat: () => concat([...all.map(({ own }) => reshape(own, [sizeOf(own.shape)])), zeros([1])], 0),
    feeds(flat) {
      let at = 0;
      const views = all.map(({ sum }) => {
        const from = at;
        at += sizeOf(sum.shape);
        return [sum.attrs.name, tensor(flat.subarray(from, at), sum.shape)] as const;
      });
      return Object.fromEntries(views);
    },
  };
}

const replaced = <K extends string>(
  nodes: Readonly<Record<K, Node>>,
  by: ReadonlyMap<Node, Node>,
): Record<K, Node> => {
  const found = substitute(Object.values(nodes), by);
  return Object.fromEntries(Object.keys(nodes).map((name, i) => [name, found[i]])) as Record<
    K,
    Node
  >;
};

type Noise = NodeOf<"randomBits">;
const noiseIn = (outputs: Outputs): readonly Noise[] =>
  topological(Object.values(outputs)).filter((n): n is Noise => n.op === "randomBits");

/** Noise of single examples as the whole batch has it: what is drawn for a share begins where the share does. */
function noiseOfWhole(own: Outputs, whole: Outputs, { of, from, count }: Share): Map<Node, Node> {
  const named = ({ attrs }: Noise): string => `${attrs.stream} ${attrs.bits}`;
  const shapes = new Map(noiseIn(whole).map((n) => [named(n), n.shape]));
  const moved = new Map<Node, Node>();
  for (const n of noiseIn(own)) {
    const shape = shapes.get(named(n)) ?? [];
    if (`${shape}` === `${n.shape}`) continue; // of the network as a whole, not of its examples
    const [first, ...rest] = n.shape;
    if (first !== count || `${shape}` !== `${[of, ...rest]}`)
      throw new Error(
        `splitStep: expected noise of examples along its first axis, got [${n.shape}] where the whole batch has [${shape}]; draw it with the examples first`,
      );
    const { stream, bits } = n.attrs;
    const at = (from * sizeOf(n.shape)) / count;
    moved.set(n, randomBits(n.inputs[0], bits, { shape: n.shape, stream, first: at }));
  }
  return moved;
}

/** What changes the state rests on sums and single numbers: nothing else is the same in all processes, noise of examples neither. */
function checkRests(
  updates: readonly Update[],
  same: readonly Input[],
  noise: ReadonlyMap<Node, Node>,
): void {
  for (const { parameter, next } of updates) {
    const other = topological([next]).find(
      (n) => noise.has(n) || (n.op === "input" && n.shape.length > 0 && !same.includes(n)),
    );
    if (!other) continue;
    const what = other.op === "input" ? `"${other.attrs.name}"` : "noise of examples";
    throw new Error(
      `splitStep: "${parameter.attrs.name}" becomes something that rests on ${what}, of which every process has its own; take the mean over the whole batch by scope.part`,
    );
  }
}
