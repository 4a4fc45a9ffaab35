/** The invariants of ARCHITECTURE.md that can be checked by reading the source. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));

interface Import {
  readonly from: string;
  readonly to: string;
}
/** Relative imports as files, others as package names. */
const importsOf = (file: string): readonly Import[] =>
  [
    ...readFileSync(join(root, file), "utf8").matchAll(
      /(?:^import|^export|^\} from|\bfrom|\bimport\()\s*(?:[^"';]*?from\s*)?"([^"]+)"/gm,
    ),
  ].map(([, name]) => ({
    from: file,
    to: name.startsWith(".") ? relative(root, resolve(root, dirname(file), name)) : name,
  }));

const source = ["src", "experiments", "cli"].flatMap(filesIn);
const imports = source.flatMap(importsOf);

/** Which folders of src a folder may import, and which packages. */
const allowed: Readonly<
  Record<string, { folders: readonly string[]; packages?: readonly string[] }>
> = {
  graph: { folders: [] },
  autodiff: { folders: ["graph"] },
  onnx: { folders: ["graph"], packages: ["onnx-proto"] },
  runtime: {
    folders: ["graph", "autodiff", "onnx"],
    packages: ["onnxruntime-common", "onnxruntime-node", "onnxruntime-web"],
  },
  nn: { folders: ["graph"] },
  optim: { folders: ["graph"] },
  train: { folders: ["graph", "autodiff", "onnx", "runtime", "nn", "optim"] },
  data: { folders: ["graph"], packages: ["nanotar"] }, // the counter-based hash
  node: {
    folders: ["graph", "onnx", "runtime", "train", "data"], // and Node's own modules
    packages: ["onnxruntime-common"],
  },
};

const folderOf = (file: string): string => file.split("/")[1];

describe("a folder imports only what its line allows", () => {
  test.each(Object.keys(allowed))("src/%s", (folder) => {
    const rule = allowed[folder];
    const wrong = imports.filter(({ from, to }) => {
      if (!from.startsWith(`src/${folder}/`)) return false;
      if (!to.startsWith("src/"))
        return (
          !(rule.packages ?? []).includes(to) && !(folder === "node" && to.startsWith("node:"))
        );
      return folderOf(to) !== folder && !rule.folders.includes(folderOf(to));
    });
    expect(wrong).toEqual([]);
  });
  test("every folder of src has a line", () => {
    const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((f) =>
      f.isDirectory(),
    );
    expect(folders.map((f) => f.name).sort()).toEqual(Object.keys(allowed).sort());
  });
  test("experiments know the library and each other's results, the command line knows all", () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith("experiments/") && to.startsWith("cli/"),
    );
    expect(wrong).toEqual([]);
  });
});

test("no layer knows its normalization", () => {
  const layers = ["layers.ts", "recurrent.ts", "compose.ts"].map((file) => `src/nn/${file}`);
  const norms = ["norm.ts", "weight-norm.ts", "statistics.ts", "arms.ts"].map((f) => `src/nn/${f}`);
  expect(imports.filter(({ from, to }) => layers.includes(from) && norms.includes(to))).toEqual([]);
});

test("imports have no cycles", () => {
  const next = new Map(
    source.map((file) => [
      file,
      importsOf(file)
        .map((i) => i.to)
        .filter((to) => source.includes(to)),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file))
      throw new Error(`a cycle: ${[...path.slice(path.indexOf(file)), file].join(" > ")}`);
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  expect(() => {
    for (const file of source) visit(file, []);
  }).not.toThrow();
});

test("the library touches no file, network, clock or console", () => {
  const outside = /\b(console|process|fetch|Date|performance|setTimeout|Math\.random)\b[.(]/;
  const wrong = filesIn("src").filter((file) => {
    if (file.startsWith("src/node/")) return false;
    const code = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    return outside.test(code) || /from "node:/.test(code);
  });
  expect(wrong).toEqual([]);
});

test("no file is longer than 400 lines", () => {
  const files = [...source, ...filesIn("test"), ...filesIn("bench")];
  expect(
    files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 401),
  ).toEqual([]);
});
