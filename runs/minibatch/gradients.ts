/** Gradients of minibatches with respect to the weights of single units: w as it lies in the graph, and v. */
import {
  grad,
  hash,
  input,
  keyOf,
  keyTensor,
  sizeOf,
  trace,
  type Network,
  type Node,
  type Norm,
  type Parameter,
  type ProgramSpec,
  type Runtime,
  type Shape,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { unitNorms } from "../../src/nn/units.ts";
import { program } from "../../src/train/step.ts";
import type { Samples } from "../diagnosis/vectors.ts";
import type { DataSet } from "./task.ts";

/** A weight that a layer got of the norm in force. */
export interface Taken {
  /** "conv1", "lstm1.wih" */
  readonly layer: string;
  /** The shape of its scale g, by which its units are known. */
  readonly g: Shape;
  readonly shape: Shape;
  /** One for each time that it was taken: a shared layer takes it several times. */
  readonly nodes: Node[];
  /** The parameter that it is made of: v where it is normalized, else w. */
  readonly parameter: Parameter;
  readonly normalized: boolean;
}

interface Named {
  readonly path: string;
  readonly name: string;
  readonly g: Shape;
  readonly nodes: Node[];
}
/** The same norm, which remembers the weights that it gives. */
function remembering(norm: Norm, taken: Map<string, Named>): Norm {
  return {
    layer(scope, specs, options) {
      const made = norm.layer(scope, specs, options);
      for (const [name, w] of Object.entries<Node>(made.weights)) {
        const path = scope.path === "" ? name : `${scope.path}.${name}`;
        const { g } = specs[name as keyof typeof specs];
        const known = taken.get(path) ?? { path, name, g, nodes: [] };
        taken.set(path, known);
        if (!known.nodes.includes(w)) known.nodes.push(w);
      }
      return made;
    },
  };
}

/** The network in mode `train`, its loss, and the weights that its layers took of the norm. */
function tracedWith(
  network: Network,
  norm: Norm,
  key: Node,
): { readonly loss: Node; readonly taken: readonly Taken[] } {
  const named = new Map<string, Named>();
  const { value, parameters } = trace(network, {
    ...{ mode: "train", key, norm: remembering(norm, named) },
  });
  const byName = new Map(parameters.map((p) => [p.attrs.name, p]));
  const taken = [...named.values()].flatMap(({ path, name, g, nodes }): readonly Taken[] => {
    const v = byName.get(name === "w" ? path.replace(/w$/, "v") : `${path}.v`);
    const parameter = v ?? byName.get(path);
    if (!parameter) return []; // frozen
    const layer = name === "w" ? path.replace(/\.?w$/, "") : path;
    return [{ layer, g, nodes, parameter, shape: parameter.shape, normalized: v !== undefined }];
  });
  return { loss: value.loss, taken };
}

/** A layer and the units of it whose gradients are wanted. */
export interface Chosen {
  readonly taken: Taken;
  readonly units: readonly number[];
  /** Where the weights of each of them lie among all of the layer's. */
  readonly places: readonly Int32Array[];
  /** How many units there are. */
  readonly of: number;
}

/** Of units evenly spaced among all, at most `count`. */
export function chosenOf(taken: Taken, count: number): Chosen {
  const { shape, g } = taken;
  const { unit, norms } = unitNorms({ shape, data: new Float32Array(sizeOf(shape)) }, g);
  const n = Math.min(count, norms.length);
  const units = Array.from({ length: n }, (_, i) => Math.floor(((i + 0.5) * norms.length) / n));
  const places = units.map((u) => Int32Array.from(unit.keys()).filter((i) => unit[i] === u));
  return { taken, units, places, of: norms.length };
}

/** The gradients of one unit over all minibatches. */
export interface UnitGradients {
  readonly w: Samples;
  /** Where there is a v. */
  readonly v?: Samples;
}

export interface GradientsOptions {
  readonly network: Network;
  readonly norm: Norm;
  readonly data: DataSet;
  /** Examples of a minibatch. */
  readonly examples: number;
  readonly runtime: Runtime;
}
export interface Gradients {
  /** The weights that there are, in the order of the network. */
  readonly taken: readonly Taken[];
  /** Of independent minibatches of the first `trained` examples, which `seed` says. */
  of(
    state: State,
    chosen: readonly Chosen[],
    options: {
      readonly seed: number;
      readonly batches: number;
      readonly trained: number;
      readonly onBatch: () => void;
    },
  ): Promise<readonly (readonly UnitGradients[])[]>;
}

export function gradientsOf(options: GradientsOptions): Gradients {
  const { network, norm, data, examples, runtime } = options;
  const inputs = data.inputs(examples);
  const key = input("key", [2], "uint32");
  const { loss, taken } = tracedWith(network, norm, key);
  return {
    taken,
    async of(state, chosen, { seed, batches, trained, onBatch }) {
      const targets = chosen.flatMap(({ taken: t }) => [...t.nodes, t.parameter]);
      const found = new Map(grad(loss, targets).map((g, i) => [targets[i], g]));
      const outputs = Object.fromEntries(
        chosen.flatMap(({ taken: { nodes, parameter, normalized } }, i) => [
          ...nodes.map((node, j) => [`w${i}.${j}`, found.get(node)!] as const),
          ...(normalized ? [[`v${i}`, found.get(parameter)!] as const] : []),
        ]),
      );
      const spec: ProgramSpec = program({ inputs, key }, outputs);
      const compiled = await runtime.compile(spec);
      const made = chosen.map(({ places, taken: { normalized } }) =>
        places.map(({ length: d }) => ({
          w: { rows: new Float32Array(batches * d), d },
          ...(normalized ? { v: { rows: new Float32Array(batches * d), d } } : {}),
        })),
      );
      try {
        for (let b = 0; b < batches; b++) {
          const at = keyOf(seed, "diagnosis", b);
          const rows = Uint32Array.from({ length: examples }, (_, i) =>
            Math.floor((hash(i, at) / 2 ** 32) * trained),
          );
          const fed =
            data.varied?.(rows, keyOf(seed, "diagnosis variation", b)) ?? data.feeds(rows);
          const got = await compiled.run(
            { ...fed, key: keyTensor(seed, "diagnosis noise", b) },
            state,
          );
          for (const [
            i,
            {
              places,
              taken: { nodes, normalized },
            },
          ] of chosen.entries())
            for (const [u, place] of places.entries()) {
              const into = made[i][u];
              for (const j of nodes.keys()) pick(got[`w${i}.${j}`], place, into.w.rows, b);
              if (normalized) pick(got[`v${i}`], place, into.v!.rows, b);
            }
          onBatch();
        }
      } finally {
        await compiled.release();
      }
      return made;
    },
  };
}

/** Adds the elements of one unit to row `b`. */
function pick({ data }: Tensor, places: Int32Array, rows: Float32Array, b: number): void {
  const from = b * places.length;
  for (const [i, place] of places.entries()) rows[from + i] += data[place];
}
