/** The same step as one graph, and cut behind its gradients. */
import { parameter, type Parameter, type Shape } from "../../src/graph/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import {
  initialState,
  type ProgramSpec,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { splitOf } from "../../src/pass/index.ts";
import { rootsOf } from "../../src/runtime/run.ts";

export const builds: readonly (readonly [string, (inPlace: boolean) => Runtime])[] = [
  ["native", (inPlace) => nodeRuntime({ threads: 1, inPlace })],
  ["WebAssembly", (inPlace) => webRuntime({ inPlace })],
];

type Feeds = Readonly<Record<string, Tensor>>;
export interface Ran {
  readonly outputs: readonly Feeds[];
  readonly state: State;
}
/** The steps of a program from `state`, or first values, on. */
export async function ran(
  runtime: Runtime,
  spec: ProgramSpec,
  { steps, state }: { readonly steps: readonly Feeds[]; readonly state?: State },
): Promise<Ran> {
  const program = await runtime.compile(spec);
  const own = new Map(state ?? initialState(program.parameters, 1));
  const outputs: Feeds[] = [];
  for (const feeds of steps) outputs.push(await program.run(feeds, own));
  await program.release();
  return { outputs, state: await read(own) };
}

/** A parameter whose first values are anything. */
export const drawn = (name: string, shape: Shape): Parameter =>
  parameter(name, shape, { init: { kind: "normal", std: 1 } });

/** The names of values that differ in a bit, NaN being NaN, and the first element where they do. */
export function differences({ state: a }: Ran, { state: b }: Ran): readonly string[] {
  return [...a].flatMap(([name, { data }]) => {
    const other = b.get(name)!.data;
    const i = data.findIndex((x, k) => !Object.is(x, other[k]));
    return i < 0 ? [] : [`${name}[${i}]: ${shown(data[i])} and ${shown(other[i])}`];
  });
}

const shown = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

/** The parameters whose updates stay in the graph. */
export function left(spec: ProgramSpec): readonly string[] {
  const outputs = rootsOf({ ...spec, updates: [] });
  const { stay } = splitOf({ roots: outputs, updates: spec.updates ?? [], order: "packets" });
  return stay.map(({ parameter }) => parameter.attrs.name);
}
