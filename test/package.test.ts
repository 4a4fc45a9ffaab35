/**
 * `npm ci` installs without a warning and without any network but npm's, with npm 10 and 11; whoever installs the library
 * gets little with it.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { NEEDS, needsOf, QUEUE, SPECTRA } from "../cli/needs.ts";
import { filesIn, importsOf, root, textOf } from "./source.ts";

type Names<T> = Readonly<Record<string, T>>;
interface Lock {
  readonly packages: Names<{
    readonly hasInstallScript?: boolean;
    readonly dependencies?: Names<string>;
  }>;
}
interface Manifest {
  readonly allowScripts: Names<boolean>;
  readonly dependencies: Names<string>;
  readonly optionalDependencies: Names<string>;
  readonly devDependencies: Names<string>;
  readonly peerDependencies: Names<string>;
  readonly peerDependenciesMeta: Names<{ readonly optional: boolean }>;
}

const COMMANDS = [
  ...["compare", "train", "report", "diagnose", "eval", "predict"],
  ...["sample", "play", "inspect", "convert", "page", "help"],
] as const;

const { packages } = JSON.parse(textOf("package-lock.json")) as Lock;
const manifest = JSON.parse(textOf("package.json")) as Manifest;
const scripted = Object.keys(packages).filter((path) => packages[path].hasInstallScript);

test("npm 10 runs what the lock file says has a script, and onnxruntime-node's would fetch CUDA libraries", () => {
  expect(packages).toHaveProperty(["node_modules/onnxruntime-node"]);
  expect(
    scripted,
    'delete "hasInstallScript" of node_modules/onnxruntime-node from package-lock.json',
  ).not.toContain("node_modules/onnxruntime-node");
});

test("npm 11 runs no script, and warns of none because each is refused by name", () => {
  const { allowScripts } = manifest;
  const names = scripted.map((path) => path.replace(/^.*node_modules\//, ""));
  expect(names.filter((name) => allowScripts[name] ?? true)).toEqual([]);
});

test("tsc is that of the newer TypeScript of the two", () => {
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const said = execFileSync(tsc, ["--version"], { shell: process.platform === "win32" });
  expect(said.toString().trim()).toBe(`Version ${ts.version}`);
});

describe("what installing the library brings", () => {
  const {
    dependencies,
    optionalDependencies,
    devDependencies,
    peerDependencies,
    peerDependenciesMeta,
  } = manifest;
  const entries = ["src/index.ts", "src/node/index.ts", "src/web.ts", "runs/index.ts"];

  /** The packages that files and all they rest on import. */
  function packagesOf(...files: readonly string[]): readonly string[] {
    const reached = new Set(files);
    const names = new Set<string>();
    for (const file of reached)
      for (const { to } of importsOf(file)) {
        if (to.endsWith(".ts")) reached.add(to);
        else if (!to.startsWith("node:")) names.add(/^(@[^/]+\/)?[^/]+/.exec(to)![0]);
      }
    return [...names];
  }
  /** A package in the lock file, as the one at `from` finds it. */
  function found(name: string, from: string): string {
    for (let place = from; ; place = place.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
      const path = `${place === "" ? "" : `${place}/`}node_modules/${name}`;
      if (path in packages || place === "") return path;
    }
  }
  /** All packages of the lock file that some of them need. */
  function closure(names: readonly string[]): readonly string[] {
    const paths = new Set(names.map((name) => found(name, "")));
    for (const path of paths)
      for (const name of Object.keys(packages[path].dependencies ?? {}))
        paths.add(found(name, path));
    return [...paths];
  }

  test("is what it imports, and what shows the page", () => {
    const optional = ["onnxruntime-node", "onnxruntime-web", "#onnxruntime-web", ...SPECTRA];
    const imported = packagesOf(...entries).filter((name) => !optional.includes(name));
    const shows = ["@hono/node-server", "commander", "fflate", "hono"];
    expect([...imported, ...shows].sort()).toEqual(Object.keys(dependencies).sort());
  });
  test("is at most 40 packages, the runtime and what it needs among them", () => {
    const all = closure([...Object.keys(dependencies), "onnxruntime-node"]);
    expect(all.length).toBeGreaterThan(5);
    expect(all.length).toBeLessThanOrEqual(40);
  });
  test("evaluates no text as code, so that a page may forbid it", () => {
    const own = packagesOf("src/index.ts", "src/web.ts");
    const names = closure(own.filter((name) => name in dependencies));
    expect(names).toContain("node_modules/@bufbuild/protobuf");
    const evaluates = /\beval\s*\(|\bFunction\s*\(/;
    const code = (folder: string): readonly string[] =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => /\.[cm]?js$/.test(file))
        .map((file) => join(folder, file));
    const wrong = [...names.flatMap(code), ...filesIn("src")].filter((file) =>
      evaluates.test(textOf(file)),
    );
    expect(wrong).toEqual([]);
  });
  test("does not bring what only the command line needs, which its own start names", () => {
    const font = "@expo-google-fonts/source-sans-3"; // found by its path
    const comes = { ...dependencies, ...optionalDependencies };
    const needed = [...packagesOf("cli/main.ts"), font].filter((name) => !(name in comes));
    expect(needed.sort()).toEqual([...NEEDS, ...QUEUE, ...SPECTRA].sort());
  });
  const known = new Map<string, readonly string[]>();
  /** What a file loads at once. */
  const loadedBy = (file: string): readonly string[] => {
    const found =
      known.get(file) ??
      importsOf(file).flatMap(({ to, isType, isLazy }) => (isType || isLazy ? [] : [to]));
    known.set(file, found);
    return found;
  };
  test.each(COMMANDS)("%s asks for what it loads", (command) => {
    const atOnce = (file: string): readonly string[] => {
      const all = new Set([file]);
      for (const from of all)
        if (from.endsWith(".ts")) for (const to of loadedBy(from)) all.add(to);
      return [...all];
    };
    // All experiments are loaded for their flags.
    const started = importsOf("experiments/index.ts").map(({ to }) => to);
    const files = ["cli/main.ts", "cli/program.ts", ...started];
    const own = command === "help" ? [] : [command === "compare" ? "train" : command];
    const loaded = [...files, ...own.map((name) => `cli/${name}.ts`)]
      .flatMap(atOnce)
      .filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"))
      .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]);
    const names = new Set(loaded.filter((name) => !(name in dependencies)));
    const needs = needsOf([command]);
    const lazy = [
      ...["onnxruntime-node", "csv-parse", "@expo-google-fonts/source-sans-3"],
      ...SPECTRA,
    ]; // of which it has use nevertheless
    expect(needs.filter((name) => !lazy.includes(name)).toSorted()).toEqual([...names].sort());
    expect(needsOf([command, "--help"])).toEqual(needsOf([]));
  });
  test("a sweep asks for what its trials load, and for a queue only where there is one", () => {
    expect(needsOf(["sweep", "run", "SWEEP"])).toEqual(NEEDS);
    expect(needsOf(["sweep", "work", "SWEEP"])).toEqual([...NEEDS, ...QUEUE]);
    const files = new Set(["cli/main.ts", "cli/program.ts", "cli/sweep.ts"]);
    for (const file of files)
      for (const to of loadedBy(file)) if (to.endsWith(".ts")) files.add(to);
    const loaded = [...files].flatMap((file) => loadedBy(file));
    expect([...NEEDS, ...QUEUE].filter((name) => loaded.includes(name))).toEqual([]); // to plan, or to look
    expect([...needsOf(["sweep", "plan"]), ...needsOf(["sweep", "status"])]).toEqual([]);
  });
  test("optional packages are described as such, and installed here in the same version", () => {
    expect(Object.keys(peerDependenciesMeta).sort()).toEqual(Object.keys(peerDependencies).sort());
    for (const [name, version] of Object.entries(peerDependencies)) {
      expect(peerDependenciesMeta[name], name).toEqual({ optional: true });
      expect(devDependencies[name].replace("~", "^"), name).toBe(version);
    }
  });
});
