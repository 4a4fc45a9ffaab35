/** What the two ONNX Runtime packages have in common: everything but how they are imported. */
import type { Dtype, Node } from "../graph/index.ts";
import { toModel, type Target } from "../onnx/index.ts";
import { cpuEngine } from "./cpu.ts";
import { outside } from "./demand.ts";
import type { Runtime, Session, Tensor, TensorData } from "./program.ts";
import { planOf, programOf, type Plan } from "./run.ts";
import type { Opened, Ort, OrtSession, OrtTensor, SessionOptions } from "./session.ts";
import { sumOrder } from "./sums.ts";
import { lifetime } from "./turns.ts";

const ortType = { float: "float32", int32: "int32", uint32: "uint32", bool: "bool" } as const;

export interface OrtOptions {
  readonly session: SessionOptions;
  /** Whether steps are cut behind their gradients, and what follows is computed in place (default true). */
  readonly inPlace?: boolean;
  /** Whether sessions write outputs into arrays that they are given (default false). */
  readonly writes?: boolean;
  /** Probed once; the plain target by default. */
  target?(ort: Ort): Promise<Target>;
}

/** A runtime on top of an imported ONNX Runtime package. */
export const ortRuntime = (
  name: string,
  load: () => Promise<Ort>,
  { session: options, inPlace = true, writes = false, target }: OrtOptions,
): Runtime => ({
  name,
  async compile(spec) {
    const plan = planOf(spec);
    const ort = await load();
    const open = async (roots: Readonly<Record<string, Node>>): Promise<Opened> => {
      if (Object.keys(roots).length === 0) return { session: nothing, roots, takes: new Set() };
      const { bytes, inputs, nodes } = toModel(roots, await target?.(ort));
      const session = await ort.InferenceSession.create(bytes, sessionOptions(options, nodes));
      return { session, roots, takes: new Set(inputs.map((x) => x.name)) };
    };
    const cut = inPlace && !spec.finite ? { order: await sumOrder(ort) } : undefined;
    const engine = await cpuEngine(plan, { open, cut, writes, toOrt: keptOrt(ort) });
    return programOf(plan, {
      ...engine,
      compute: (feeds, state) =>
        engine.compute(feeds, state).catch((error: unknown) => {
          throw inOurWords(error, plan);
        }),
    });
  },
  async open(model) {
    const ort = await load();
    const session = await ort.InferenceSession.create(model, options);
    const { use, end } = lifetime({ what: "session", again: "open" }, () => session.release());
    const run: Session["run"] = async (feeds) => {
      const given = Object.entries(feeds).map(([key, x]) => [key, asIs(ort, x)] as const);
      const values = await session.run(Object.fromEntries(given));
      return Object.fromEntries(
        Object.entries(values).map(([key, x]) => [
          key,
          { dtype: dtypeOf(x), shape: x.dims, data: x.data as TensorData },
        ]),
      );
    };
    return { run: (feeds) => use(() => run(feeds)), release: end };
  },
});

/** What computes nothing: ONNX Runtime takes no model without nodes. */
const nothing: OrtSession = { run: () => Promise.resolve({}), release: () => Promise.resolve() };

/**
 * ONNX Runtime's own passes take time that grows with the graph. An unrolled recurrence of 20,000 nodes spends more on them
 * (3 s) than on the rest of its session (3 s), and its steps are no faster for it.
 */
const MANY_NODES = 5000;
const sessionOptions = (options: SessionOptions, nodes: number): SessionOptions =>
  nodes > MANY_NODES ? { ...options, graphOptimizationLevel: "disabled" } : options;

/** ONNX Runtime notices by itself where an index that the graph computes is too large. */
function inOurWords(error: unknown, { ranges: { computed } }: Plan): unknown {
  const text = error instanceof Error ? error.message : "";
  const [, got, most] = /idx=(-?\d+) must be within .*?,(-?\d+)\]/.exec(text) ?? [];
  const demand = computed.find((d) => d.most === Number(most));
  return demand ? outside(demand, Number(got), { cause: error }) : error;
}

/** A program computes in single precision, whatever it is given; a model in what it was made for. */
const asIs = (ort: Ort, x: Tensor): OrtTensor =>
  x.data instanceof Float64Array ? new ort.Tensor("float64", x.data, x.shape) : toOrt(ort, x);

const dtypeOf = ({ type }: OrtTensor): Dtype =>
  type === "int32" || type === "uint32" || type === "bool" ? type : "float";

/** `toOrt` that makes one tensor of ONNX Runtime for each array in memory that is written over, and not one at every step. */
function keptOrt(ort: Ort): (x: Tensor) => OrtTensor {
  const kept = new WeakMap<TensorData, OrtTensor>();
  return (x) => {
    const { data } = x;
    const known = x.place && kept.get(data);
    if (known && `${known.dims}` === `${x.shape}`) return known;
    const made = toOrt(ort, x);
    if (x.place) kept.set(data, made);
    return made;
  };
}

/** A value as ONNX Runtime takes it: floats in single precision, and an array that has its type without a copy. */
export function toOrt(ort: Ort, { dtype, shape, data }: Tensor): OrtTensor {
  const values = data instanceof Float64Array ? Float32Array.from(data) : data;
  return new ort.Tensor(ortType[dtype], values, shape);
}
