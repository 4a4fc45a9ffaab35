/** Whether a file computes what the network does. */
import { optionsOf, topological, type Input, type Node } from "../graph/index.ts";
import { reference } from "../runtime/reference.ts";
import type { Runtime, State, Tensor } from "../runtime/program.ts";

/** Options of {@link largestDifference}. */
export interface DifferenceOptions {
  /** What runs the file, and the network too unless `against` does. */
  readonly runtime: Runtime;
  /** The values of inputs, by name. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** The values of the network's parameters. */
  readonly state: State;
  /** What runs the network: the float64 reference interpreter by default. */
  readonly against?: Runtime;
}
/** How far apart the values of an output are. */
export interface Difference {
  /** The largest |a - b|, infinite where one of them is NaN or a shape is another. */
  readonly difference: number;
  /** The largest magnitude of what the network gives, to compare it with. */
  readonly largest: number;
}

const known = optionsOf<DifferenceOptions>("largestDifference", {
  runtime: "required",
  feeds: "required",
  state: "required",
  against: "optional",
});
/** How far the outputs of an exported model are from those of the network itself, by name, on the same inputs. */
export async function largestDifference(
  model: Uint8Array,
  outputs: Readonly<Record<string, Node>>,
  options: DifferenceOptions,
): Promise<ReadonlyMap<string, Difference>> {
  const { runtime, feeds, state, against = reference } = known(options);
  if (!runtime.open)
    throw new Error(
      `largestDifference: ${runtime.name} opens no files, got it as runtime; use nodeRuntime() or webRuntime()`,
    );
  const inputs = inputsOf(outputs);
  const fed = Object.fromEntries(inputs.map(({ attrs: { name } }) => [name, feeds[name]]));
  const program = await against.compile({ inputs, outputs });
  const expected = await program.run(fed, state).finally(() => program.release());
  const session = await runtime.open(model);
  const got = await session.run(fed).finally(() => session.release());
  const pairs = Object.keys(outputs).map(
    (name) => [name, apart(got[name], expected[name])] as const,
  );
  return new Map(pairs);
}

function inputsOf(outputs: Readonly<Record<string, Node>>): readonly Input[] {
  const byName = new Map<string, Input>();
  for (const n of topological(Object.values(outputs)))
    if (n.op === "input") byName.set(n.attrs.name, n);
  return [...byName.values()];
}

function apart(a: Tensor, b: Tensor): Difference {
  let [difference, largest] = [`${a.shape}` === `${b.shape}` ? 0 : Infinity, 0];
  for (let i = 0; i < b.data.length; i++) {
    const [x, y] = [a.data[i], b.data[i]];
    const d = x === y || (Number.isNaN(x) && Number.isNaN(y)) ? 0 : Math.abs(x - y);
    difference = Math.max(difference, Number.isNaN(d) ? Infinity : d);
    if (Number.isFinite(y)) largest = Math.max(largest, Math.abs(y));
  }
  return { difference, largest };
}
