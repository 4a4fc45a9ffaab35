/** What is asked of every model that others trained: it computes what its file says, trains in two norms, and is handed on as it was trained. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { constantsOf, allNodes, subgraphs } from "../../src/import/graph.ts";
import { importModel, type ImportOptions } from "../../src/import/index.ts";
import { arms } from "../../src/nn/index.ts";
import { decodeModel, type GraphProto } from "../../src/onnx/index.ts";
import { tensor } from "../../src/runtime/program.ts";
import { root } from "../source.ts";
import {
  computed,
  difference,
  exported,
  original,
  some,
  spread,
  trained,
  type Axes,
  type Feeds,
} from "./trained.ts";

export interface Case {
  readonly name: string;
  /** Below node_modules. */
  readonly file: string;
  /** Values to compare: before a sigmoid, where that is saturated on noise. */
  readonly outputs: readonly string[];
  readonly bind?: NonNullable<ImportOptions["bind"]>;
  readonly freeze?: RegExp;
  readonly feeds: Feeds;
  /** The axis of the examples in what is fed and made, by name, where it is not the first. */
  readonly axes?: Axes;
  /** Convolutions that train. */
  readonly convolutions: number;
  readonly lr: number;
}

const STEPS = 3;

export function checkModel(one: Case): void {
  const { name, file: path, outputs, feeds, bind = {}, freeze, axes = {}, convolutions, lr } = one;
  const bytes = readFileSync(join(root, "node_modules", path));
  const model = importModel(bytes, { outputs, bind, ...(freeze ? { freeze } : {}) });
  const bound = Object.entries(bind).map(
    ([input, x]) => [input, tensor(x as number, [], "int32")] as const,
  );
  const whole: Feeds = { ...feeds, ...Object.fromEntries(bound) };

  describe(name, () => {
    test("computes what the file does, for several examples and for each", async () => {
      const made = await computed(model, feeds);
      const all = await original(bytes, whole, outputs);
      const example = Object.fromEntries(
        Object.entries(feeds).map(([key, x]) => [key, some(x, [1, 1], axes[key])]),
      );
      const alone = await original(bytes, { ...whole, ...example }, outputs);
      for (const key of outputs) {
        expect(spread(all[key])).toBeGreaterThan(1e-3); // or else nothing is proved
        expect(difference(made[key], all[key])).toBeLessThan(1e-5);
        expect(difference(some(made[key], [1, 1], axes[key]), alone[key], all[key])).toBeLessThan(
          1e-5,
        );
      }
    });

    test("trains, plain and as g and v, and is exported as it was trained", async () => {
      const plain = await trained(model, feeds, { norm: arms.plain, steps: STEPS, lr });
      const weight = await trained(model, feeds, { norm: arms.weight, steps: STEPS, lr });
      expect(weight.losses[0] / plain.losses[0]).toBeCloseTo(1, 4);
      for (const { losses } of [plain, weight])
        expect(losses[STEPS - 1]).toBeLessThan(0.99 * losses[0]);

      const weights = convolutionsOf(decodeModel(bytes, path).graph!);
      const unfolded = [...model.original].filter(
        ([key, tensor]) => weights.has(tensor) && weight.state.has(key.replace(/\.w$/, ".v")),
      );
      expect(unfolded.length).toBe(convolutions);
      expect(unfolded.filter(([key]) => weight.state.has(key))).toEqual([]);

      const made = await computed(model, feeds, { norm: arms.weight, state: weight.state });
      const file = exported(model, feeds, { state: weight.state, axes });
      const handed = await original(file, feeds, outputs);
      for (const key of outputs) expect(difference(handed[key], made[key])).toBeLessThan(3e-5);
    }, 60_000);
  });
}

/** The names of the weights of convolutions, in graphs within the graph too. */
function convolutionsOf(graph: GraphProto): ReadonlySet<string> {
  const graphs = [graph, ...allNodes(graph, "test").flatMap(subgraphs)];
  const constants = new Set(graphs.flatMap((g) => [...constantsOf(g).keys()]));
  const convolutions = allNodes(graph, "test").filter(({ opType = "" }) =>
    ["Conv", "ConvTranspose"].includes(opType),
  );
  return new Set(convolutions.map(({ input }) => input[1]).filter((x) => constants.has(x)));
}
