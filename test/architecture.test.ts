/** The invariants of ARCHITECTURE.md that can be checked by reading the source. */
import { describe, expect, test } from "vitest";
import { experiments, ownData } from "../experiments/index.ts";
import { filesIn, foldersIn, importsOf, linesOf, namesIn, textOf, wordsIn } from "./source.ts";

interface Room {
  /** Other rooms that its files may import, or single files of them. */
  readonly rooms: readonly string[];
  /** Packages, and "node:" for what comes with Node. */
  readonly packages?: readonly string[];
}
const ALL = ["src", "runs", "experiments", "report", "serve", "cluster", "cli", "bench", "scripts"];

/** What a room of the house may import; a file or a folder with a line of its own has that instead. */
const house: Readonly<Record<string, Room>> = {
  src: { rooms: [] }, // whose own folders have their table below
  runs: { rooms: ["src"], packages: ["zod/mini", "ml-matrix"] },
  "runs/folder": { rooms: ["src", "runs"], packages: ["zod/mini", "node:"] },
  experiments: { rooms: ["src", "runs"], packages: ["zod/mini", "fflate", "csv-parse/sync"] },
  report: {
    rooms: ["runs/records.ts"],
    packages: ["@bufbuild/protobuf/wire", "vega", "vega-interpreter", "vega-lite", "cli-table3"],
  },
  page: {
    rooms: ["src", "runs", "experiments/index.ts", "report", "serve/api.ts"],
    packages: ["preact", "preact/hooks", "preact/jsx-runtime"],
  },
  "page/build": { rooms: ["src"], packages: ["vite", "node:"] },
  "page/vite.config.ts": {
    rooms: ["src", "page/build", "serve/policy.ts"],
    packages: ["vite", "node:"],
  },
  serve: {
    rooms: ["src", "runs", "experiments/index.ts", "report"],
    packages: ["hono", "hono/streaming", "hono/cookie", "@hono/node-server", "node:"],
  },
  cluster: { rooms: [] }, // whose own folders have lines
  "cluster/mpi": { rooms: ["src", "runs", "cluster/exit-codes.ts"], packages: ["koffi", "node:"] },
  "cluster/sweep": {
    rooms: ["src", "runs", "experiments/index.ts", "report", "cluster/exit-codes.ts"],
    packages: ["bullmq", "ioredis", "zod/mini", "node:"],
  },
  "report/png.ts": { rooms: [], packages: ["@resvg/resvg-js", "node:"] },
  cli: {
    rooms: ["src", "runs", "experiments/index.ts", "report", "serve", "cluster"],
    packages: ["commander", "cli-progress", "sharp", "node:"],
  },
  bench: { rooms: ALL, packages: ["commander", "nanotar", "playwright-core", "vite", "node:"] },
  examples: { rooms: ["src", "runs", "index.ts", "node.ts"] },
  "examples/browser": { rooms: [], packages: ["weightnorm", "weightnorm/web", "vite"] },
  "index.ts": { rooms: ["src", "runs"] },
  "node.ts": { rooms: ["src", "runs"] },
  scripts: {
    rooms: [],
    packages: ["playwright-core", "sharp", "typescript", "vite", "vitest/node", "node:"],
  },
  "scripts/evidence": {
    rooms: ["src", "runs", "experiments/index.ts", "report", "cluster"],
    packages: ["node:"],
  },
  test: { rooms: [...ALL, "page", "examples", "index.ts", "node.ts"] }, // and any package
};
const entries = ["index.ts", "node.ts"];
const rooms = Object.keys(house).filter((name) => !name.includes("/"));
const isIn = (file: string, place: string): boolean =>
  file === place || file.startsWith(`${place}/`);
/** The line of the table that a file goes by: the longest that fits. */
const placeOf = (file: string): string =>
  Object.keys(house)
    .filter((place) => isIn(file, place))
    .toSorted((a, b) => b.length - a.length)[0];

const product = [
  "src",
  "runs",
  "experiments",
  "report",
  "page",
  "serve",
  "cluster",
  "cli",
  "examples",
].flatMap(filesIn);
const source = [...entries, ...product, ...["bench", "scripts"].flatMap(filesIn)];
const imports = source.flatMap(importsOf);
const isPackage = (to: string): boolean => !rooms.some((room) => isIn(to, room));
const isAmong = (to: string, packages: readonly string[] = []): boolean =>
  packages.some((name) => (name === "node:" ? to.startsWith("node:") : to === name));

/** Which folders of src a folder may import, and which packages. */
const library: Readonly<Record<string, Room>> = {
  graph: { rooms: [] },
  autodiff: { rooms: ["graph"] },
  onnx: { rooms: ["graph"], packages: ["@bufbuild/protobuf/wire"] },
  pass: { rooms: ["graph", "onnx"] },
  runtime: {
    rooms: ["graph", "autodiff", "onnx", "pass"],
    packages: [
      ...["onnxruntime-node", "#onnxruntime-web", "onnxruntime-web"],
      ...["onnxruntime-web/jspi", "onnxruntime-web/webgpu"],
    ],
  },
  nn: { rooms: ["graph"] },
  optim: { rooms: ["graph"] },
  import: { rooms: ["graph", "onnx", "runtime", "nn"] },
  export: { rooms: ["graph", "onnx", "runtime", "nn"] },
  train: { rooms: ["graph", "autodiff", "onnx", "runtime", "nn", "optim"] },
  checkpoints: { rooms: ["graph", "onnx", "runtime", "nn", "train", "data"] },
  data: { rooms: ["graph"], packages: ["nanotar"] }, // the counter-based hash
  node: {
    rooms: ["graph", "onnx", "runtime", "export", "train", "data", "checkpoints"],
    packages: ["node:"],
  },
};
const folderOf = (file: string): string => file.split("/")[1];

describe("a room imports only what its line allows", () => {
  test.each(Object.keys(house).filter((place) => place !== "src" && place !== "test"))(
    "%s",
    (place) => {
      const { rooms: may, packages } = house[place];
      const wrong = imports.filter(({ from, to }) => {
        if (placeOf(from) !== place) return false;
        if (isPackage(to)) return !isAmong(to, packages);
        return placeOf(to) !== place && !may.some((allowed) => isIn(to, allowed));
      });
      expect(wrong).toEqual([]);
    },
  );
  test("every folder that holds code has a line, and every line a folder", () => {
    const withCode = foldersIn(".").filter(
      (name) => !/^(\.|node_modules$|dist$)/.test(name) && filesIn(name).length > 0,
    );
    const folders = rooms.filter((name) => !entries.includes(name));
    expect(withCode.toSorted()).toEqual(folders.toSorted());
    for (const place of Object.keys(house))
      expect(source.some((file) => isIn(file, place)) || place === "test", place).toBe(true);
  });
  test("nobody imports the command line, benches, examples or scripts, but for benches and tests", () => {
    const closed = ["page", "cli", "bench", "examples", "scripts"];
    const wrong = imports.filter(
      ({ from, to }) =>
        closed.some((room) => isIn(to, room) && !isIn(from, room)) && !isIn(from, "bench"),
    );
    expect(wrong).toEqual([]);
  });
  test("what reports know of the library are its types", () => {
    const { rooms: may } = house["report"];
    const known = may.flatMap((file) => importsOf(file)).filter(({ to }) => isIn(to, "src"));
    expect(known.length).toBeGreaterThan(0);
    expect(known.filter(({ isType }) => !isType)).toEqual([]);
  });
  test("what knows nothing of experiments knows them by no import, and they know each other by what is shared", () => {
    const shared = ["experiments/generative", "experiments/index.ts"];
    const own = foldersIn("experiments").map((name) => `experiments/${name}`);
    const wrong = imports.filter(({ from, to }) => {
      const folder = own.find((place) => isIn(to, place));
      if (folder === undefined || shared.includes(folder) || isIn(from, "bench")) return false;
      return !isIn(from, folder) && from !== "experiments/index.ts";
    });
    expect(wrong).toEqual([]); // so that an experiment can be deleted with its tests and one line of a list
  });
});

describe("a folder of the library imports only what its line allows", () => {
  test.each(Object.keys(library))("src/%s", (folder) => {
    const { rooms: may, packages } = library[folder];
    const wrong = imports.filter(({ from, to }) => {
      if (!from.startsWith(`src/${folder}/`)) return false;
      if (!to.startsWith("src/")) return !isAmong(to, packages);
      return folderOf(to) !== folder && !may.includes(folderOf(to));
    });
    expect(wrong).toEqual([]);
  });
  test("every folder of src has a line", () => {
    expect(foldersIn("src").toSorted()).toEqual(Object.keys(library).toSorted());
  });
});

test("no layer knows its normalization", () => {
  const layers = [...filesIn("src/nn/layers"), "src/nn/recurrent.ts", "src/nn/compose.ts"];
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

describe("Node", () => {
  /** Where Node is known: the same code as everywhere else would not run in a browser. */
  const atHome = [
    ...["src/node", "node.ts", "runs/folder", "report/png.ts", "serve", "cluster", "page/build"],
    ...["page/vite.config.ts", "cli", "bench", "scripts"],
  ];
  const elsewhere = source.filter((file) => !atHome.some((place) => isIn(file, place)));

  test("is known at its doors and on the command line, by its modules", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        elsewhere.includes(from) && (to.startsWith("node:") || isIn(to, "src/node")),
    );
    expect(wrong).toEqual([]);
  });
  test("and by its globals", () => {
    const globals = new Set(["process", "Buffer", "NodeJS", "__dirname", "__filename", "global"]);
    const wrong = elsewhere.flatMap((file) =>
      namesIn(file).flatMap((name) => (globals.has(name) ? [`${file}: ${name}`] : [])),
    );
    expect(wrong).toEqual([]);
  });
});

test("the library touches no file, network, clock or console", () => {
  const outside = /\b(console|process|fetch|Date|performance|setTimeout|Math\.random)\b[.(]/;
  const wrong = filesIn("src").filter((file) => {
    if (isIn(file, "src/node")) return false;
    const code = textOf(file).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    return outside.test(code) || /from "node:/.test(code);
  });
  expect(wrong).toEqual([]);
});

test("training, records and reports touch no file, network, console or chance", () => {
  const outside =
    /\b(console\.(log|warn|error|info|debug|trace)|fetch\(|localStorage|Math\.random)/;
  const wrong = ["runs", "experiments", "report"].flatMap(filesIn).filter((file) => {
    return outside.test(textOf(file).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, ""));
  });
  expect(wrong).toEqual([]);
});

test("no code but an experiment's own tells experiments by their names", () => {
  /** A name that is a word of English is one where it is all there is, as values are compared with it; a table is much else, too. */
  const words = ["draw", "photos"];
  const named = Object.keys({ ...experiments, ...ownData })
    .filter((name) => name !== "table")
    .map((name) =>
      words.includes(name)
        ? new RegExp(`^${name}[-_/:.]*$`)
        : new RegExp(`(^|[^A-Za-z])${name}([^A-Za-z]|$)`),
    );
  const commandLine = /weightnorm \S+ [^\n]*/g; // an example, in help or advice
  const packages = /\bmnist-data\b/g; // which a page's data are made of
  const wrong = ["runs", "report", "page", "serve", "cluster", "cli"]
    .flatMap(filesIn)
    .flatMap((file) =>
      wordsIn(file)
        .map((word) => word.replaceAll(commandLine, "").replaceAll(packages, ""))
        .filter((word) => named.some((name) => name.test(word)))
        .map((word) => `${file}: ${word}`),
    );
  expect(wrong).toEqual([]);
});

describe("sizes", () => {
  test("no file is longer than 400 lines", () => {
    const files = [...source, ...filesIn("test")];
    expect(files.filter((file) => linesOf(file) > 400)).toEqual([]);
  });
  test("the command line is a door, under 3400 lines", () => {
    expect(filesIn("cli").reduce((sum, file) => sum + linesOf(file), 0)).toBeLessThan(3400);
  });
});
