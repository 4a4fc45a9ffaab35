/** The library is the same in a browser: nothing of Node in what it imports, and training gives the same losses. */
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  adam,
  arms,
  apply,
  conv2d,
  dense,
  initialState,
  initStep,
  input,
  item,
  ops,
  reference,
  sequential,
  softmaxCrossEntropy,
  tensor,
  trainStep,
  type Network,
  type Runtime,
} from "../src/index.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { webRuntime } from "../src/web.ts";
import { some } from "./conformance/case.ts";

describe("the import graph", () => {
  const root = resolve(import.meta.dirname, "..");
  interface Import {
    readonly name: string;
    readonly how: "value" | "type" | "dynamic";
  }
  const importsOf = (file: string): readonly Import[] => {
    const code = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
    const of = (pattern: RegExp, how: Import["how"]): readonly Import[] =>
      [...code.matchAll(pattern)].map(([, name]) => ({ name, how }));
    return [
      ...of(/^(?:import|export)\s+type\b[^"';]*?from "([^"]+)"/gm, "type"),
      ...of(/^(?:import|export)\s+(?!type\b)[^"';]*?from "([^"]+)"/gm, "value"),
      ...of(/^import "([^"]+)"/gm, "value"),
      ...of(/\bimport\("([^"]+)"\)/g, "dynamic"),
    ];
  };
  /** Files that `entry` rests on, and how it imports what is not a file. */
  const reachable = (
    entry: string,
  ): { readonly files: readonly string[]; readonly packages: readonly string[] } => {
    const files = new Set([entry]);
    const packages = new Set<string>();
    for (const file of files)
      for (const { name, how } of importsOf(file)) {
        if (name.startsWith(".")) files.add(relative(root, resolve(root, dirname(file), name)));
        else packages.add(`${name}, ${how}`);
      }
    return { files: [...files], packages: [...packages].sort() };
  };

  test.each([
    [
      "index.ts",
      [
        ...["@bufbuild/protobuf/wire, value", "nanotar, value", "zod/mini, value"],
        "ml-matrix, dynamic", // of diagnose alone, and its lack is said
      ].sort(),
    ],
    [
      "src/web.ts",
      [
        ...["#onnxruntime-web, dynamic", "@bufbuild/protobuf/wire, value"],
        ...["onnxruntime-web/jspi, dynamic", "onnxruntime-web/webgpu, dynamic"],
      ],
    ],
  ])("%s needs packages only, none of them Node's", (entry, expected) => {
    const { files, packages } = reachable(entry);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(packages).toEqual(expected);
  });
  test("would show what is Node's", () => {
    const { packages } = reachable("src/node/index.ts");
    const names = packages.map((p) => p.replace(/^node:|, .*$/g, ""));
    expect(names.filter((name) => builtinModules.includes(name))).toContain("fs");
  });
});

describe("twenty steps of training", () => {
  const x = input("x", [8, 1, 6, 6]);
  const labels = input("labels", [8], "int32");
  const layers = sequential(
    conv2d(4, { kernel: 3, pads: 1 }),
    apply((y) => ops.maxPool2d(ops.relu(y), { kernel: 2 })),
    apply(ops.flatten),
    dense(3),
  );
  const network: Network = (scope) => ({ loss: softmaxCrossEntropy(layers(scope, x), labels) });
  const options = { inputs: [x, labels], norm: arms.weight };
  const feeds = {
    x: some([8, 1, 6, 6]),
    labels: tensor([0, 1, 2, 0, 1, 2, 0, 1], [8], "int32"),
  };

  async function losses(runtime: Runtime): Promise<readonly number[]> {
    const init = await runtime.compile(initStep(network, options));
    const step = await runtime.compile(
      trainStep(network, { ...options, optimizer: adam({ lr: 0.02 }) }),
    );
    const state = initialState([...init.parameters, ...step.parameters], 1);
    await init.run(feeds, state);
    const result: number[] = [];
    for (let i = 0; i < 20; i++) result.push(item((await step.run(feeds, state)).loss));
    await init.release();
    await step.release();
    return result;
  }

  let expected: readonly number[];
  beforeAll(async () => {
    expected = await losses(reference);
  });
  test("the loss falls", () => {
    expect(expected).toHaveLength(20);
    expect(expected[19]).toBeLessThan(expected[0] / 4);
  });
  test.each([
    ["in Node", nodeRuntime()],
    ["on WebAssembly", webRuntime()],
  ])("%s it falls as in the reference", async (_, runtime) => {
    const actual = await losses(runtime);
    const distances = actual.map((loss, i) => Math.abs(loss - expected[i]));
    expect(actual).toHaveLength(20);
    expect(Math.max(...distances)).toBeLessThan(1e-4);
  });
});
