/** What `npm pack` makes, as others have it: unpacked in an empty folder, with the packages that it depends on and no other. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";
import earlier from "typescript-5.9";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { lackIn, lackOf, NEEDS, needsOf, QUEUE, SPECTRA } from "../cli/needs.ts";
import { root, textOf } from "./source.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 }); // a build, and seconds a compiler, where the cores are free

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(textOf("package.json")) as Manifest;
const run = promisify(execFile);
const shell = process.platform === "win32";

let folder = "";
let files: readonly string[] = [];
let size = 0;
/** Installs packages from here into an `app` there, as links. */
async function link(app: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(folder, app, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(root, "node_modules", name), path, "junction");
  }
}
async function install(app: string, names: readonly string[]): Promise<void> {
  const path = join(folder, app, "node_modules", "weightnorm");
  await mkdir(path, { recursive: true });
  await run("tar", ["-xzf", join(folder, "package.tgz"), "-C", path, "--strip-components=1"]);
  await link(app, [...Object.keys(manifest.dependencies), ...names]);
}
/** Runs Node in one of the apps. */
const node = (app: string, ...args: readonly string[]): Promise<readonly [number, string]> =>
  run(process.execPath, args, { cwd: join(folder, app) }).then(
    ({ stdout }) => [0, stdout],
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return [code, stdout + stderr];
    },
  );
const bin = join("node_modules", "weightnorm", "dist", "cli", "main.js");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-tarball-"));
  const args = ["pack", "--json", "--silent", "--pack-destination", folder];
  const { stdout } = await run("npm", args, { cwd: root, shell });
  const told = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as object;
  const [packed] = Object.values(told) as {
    readonly filename: string;
    readonly size: number;
    readonly files: readonly { readonly path: string }[];
  }[];
  ({ size } = packed);
  files = packed.files.map(({ path }) => path);
  await rename(join(folder, packed.filename), join(folder, "package.tgz"));
  await install("library", []);
  await install("command", NEEDS);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the files", () => {
  test("are what others need, and no more", () => {
    const others = files.filter(
      (file) =>
        !/^dist\/((src|runs|experiments|report|serve|cluster|page|cli)\/|(index|node)\.)/.test(
          file,
        ),
    );
    const kinds = new Set(others.map((file) => file.replace(/\/.*/, "")));
    expect([...kinds].sort()).toEqual([
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "docs",
      "examples",
      "experiments",
      "package.json",
    ]);
    expect(others.filter((file) => /^experiments\/(?!(\w+\/)?README\.md$)/.test(file))).toEqual([]);
    expect(files.filter((file) => /\.map$|\.test\./.test(file))).toEqual([]);
    expect(files).toContain("dist/page/index.html");
    expect(files).toContain("dist/page/runs.html");
    expect(size).toBeLessThan(15e6); // most of it WebAssembly
  });
  test("include all that the README links to", () => {
    const links = [...textOf("README.md").matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, to]) => to);
    const relative = links.filter((to) => !/^\w+:/.test(to));
    const isThere = (to: string): boolean =>
      files.some((file) => file === to || file.startsWith(`${to}/`));
    expect(relative.length).toBeGreaterThan(5);
    expect(relative.filter((to) => !isThere(to))).toEqual([]);
  });
});

describe("the types", () => {
  const consumer = `
import * as wn from "weightnorm";
import { nodeRuntime, loadOnnxRuntime } from "weightnorm/node";
import { webRuntime } from "weightnorm/web";
import { experimentOf, compare, whole, type Experiment, type CompareOptions } from "weightnorm/runs";

const x = wn.input("x", [64, 2]);
const network = (scope: wn.Scope) => ({ loss: wn.ops.mean(wn.dense(1)(scope, x)) });
const options = { inputs: [x], norm: wn.arms.weight, optimizer: wn.adam({ lr: 0.01 }) };
export const programs: Promise<wn.Program>[] = [nodeRuntime(), webRuntime(), wn.reference].map(
  (runtime) => runtime.compile(wn.trainStep(network, options)),
);
export const session = loadOnnxRuntime().then((ort) => ort.InferenceSession.create(new Uint8Array()));
export const setting = whole("how many", { least: 1 });
export const make: (...task: Parameters<typeof experimentOf>) => Experiment = experimentOf;
export const race = (options: CompareOptions): unknown => compare(options);
`;
  const { ModuleKind, ModuleResolutionKind, ScriptTarget } = typescript;
  const ways = {
    nodenext: { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext },
    bundler: { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler },
  };
  const [language, browser] = [["lib.es2023.d.ts"], ["lib.es2023.d.ts", "lib.dom.d.ts"]];
  /** Every two of these together, a half of them in either compiler. */
  const compilers = [
    [
      "TypeScript 6.0",
      typescript,
      [
        { way: "nodenext", lib: language, exact: true },
        { way: "bundler", lib: browser, exact: false },
      ],
    ],
    [
      "TypeScript 5.9",
      earlier as never,
      [
        { way: "nodenext", lib: browser, exact: false },
        { way: "bundler", lib: language, exact: true },
      ],
    ],
  ] as const;

  test.each(compilers)("pass the checks of %s", async (name, ts, settings) => {
    expect(`TypeScript ${ts.versionMajorMinor}`).toBe(name);
    const file = join(folder, "library", "consumer.mts");
    await writeFile(file, consumer);
    for (const { way, lib, exact } of settings) {
      const options = {
        ...{ strict: true, noEmit: true, skipLibCheck: false, target: ScriptTarget.ES2023 },
        ...{ ...ways[way], lib, exactOptionalPropertyTypes: exact, types: [] },
        skipDefaultLibCheck: true, // the compiler's own
      };
      const program = ts.createProgram([file], options);
      const errors = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
        const text = ts.flattenDiagnosticMessageText(messageText, "\n");
        return `${file?.fileName ?? ""}: ${text}`;
      });
      expect(errors, `${way}, ${lib.join(" and ")}`).toEqual([]);
      expect(program.getSourceFiles().length).toBeGreaterThan(100);
    }
  });
});

describe("the library", () => {
  test("is there without what only the command line needs", async () => {
    const names = ["weightnorm", "weightnorm/node", "weightnorm/web", "weightnorm/runs"];
    const code = `for (const name of ${JSON.stringify(names)}) console.log(Object.keys(await import(name)).length > 0)`;
    expect(await node("library", "--input-type=module", "-e", code)).toEqual([
      0,
      "true\ntrue\ntrue\ntrue\n",
    ]);
  });
});

describe("the page", () => {
  const assets = /(?:src|href)="\.\/(assets\/[^"]+)"/g;
  test("is there without anything else, until it is told to stop", async () => {
    const child = spawn(process.execPath, [bin, "page", "--port", "0", "--json"], {
      cwd: join(folder, "library"),
    });
    const closed = once(child, "close");
    const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const { url } = JSON.parse(said) as { readonly url: string };
    for (const name of ["index.html", "runs.html"]) {
      const response = await fetch(new URL(name, url));
      expect(response.status).toBe(200);
      expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
      for (const [, asset] of (await response.text()).matchAll(assets)) {
        const { status, headers } = await fetch(new URL(asset, url));
        expect([status, headers.get("cache-control")], asset).toEqual([
          ...[200, "public, max-age=31536000, immutable"],
        ]);
      }
    }
    const data = files.filter((file) => file.startsWith("dist/page/data/"));
    expect(data.filter((file) => file.includes("/whole/train-"))).toEqual([]);
    for (const file of data)
      expect((await fetch(new URL(file.slice("dist/page/".length), url))).status, file).toBe(200);
    child.kill("SIGTERM");
    expect(await closed).toEqual([0, null]);
  });
});

describe("the command line", () => {
  const lines = (names: readonly string[]): string =>
    names.map((name) => `${name}@${manifest.peerDependencies[name]}`).join(" ");

  test("says in one line what it lacks for what it is asked", async () => {
    const lackText = (needs: readonly string[]): string =>
      `weightnorm: packages: expected those that only the command line needs, got ${needs.length} missing; run npm install ${lines(needs)}\n`;
    expect(await node("library", bin, "--version")).toEqual([0, `${manifest.version}\n`]);
    expect(await node("library", bin, "inspect", "a.safetensors")).toEqual([
      ...[1, lackText(needsOf(["inspect"]))],
    ]);
    expect(await node("library", bin, "compare", "mnist")).toEqual([1, lackText(NEEDS)]);
  });
  test("runs where these are there", async () => {
    expect(await node("command", bin, "--version")).toEqual([0, `${manifest.version}\n`]);
    const [code, help] = await node("command", bin, "compare", "mnist", "--help");
    expect([code, help.split("\n")[0]]).toEqual([0, "Usage: weightnorm compare mnist [options]"]);
    const [planned, plan] = await node(
      ...["command", bin, "sweep", "plan", "--experiment", "mnist", "--out", "SWEEP"],
    );
    expect([planned, plan.split("\n")[0]]).toEqual([0, "5 trials in SWEEP/sweep.json"]);
    const [, lacking] = await node("command", bin, "sweep", "work", "SWEEP");
    expect(lacking).toContain(`got ${QUEUE.length} missing; run npm install bullmq@`);
    const [, spectra] = await node("command", bin, "diagnose", "RUN");
    expect(spectra).toContain(`got ${SPECTRA.length} missing; run npm install ml-matrix@`);
  });
  test("names those alone that are missing", () => {
    expect(lackOf(NEEDS, () => true)).toBeUndefined();
    expect(lackOf(NEEDS, (name) => !name.startsWith("vega"))).toBe(
      `packages: expected those that only the command line needs, got 3 missing; run npm install ${lines(["vega", "vega-interpreter", "vega-lite"])}`,
    );
    expect(lackOf()).toBeUndefined(); // here
  });
  test("says the same of an import that failed for want of an optional package", async () => {
    const failing = async (name: string): Promise<unknown> => {
      const code = `import(${JSON.stringify(name)}).catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`;
      const [, said] = await node("library", "-e", code);
      return JSON.parse(said);
    };
    expect(lackIn(await failing("csv-parse/sync"))).toBe(
      `packages: expected those that only the command line needs, got 1 missing; run npm install ${lines(["csv-parse"])}`,
    );
    expect(lackIn(await failing("@resvg/resvg-js"))).toContain("@resvg/resvg-js@^");
    expect(lackIn(await failing("somebody-elses"))).toBeUndefined();
    expect(lackIn(await failing("./no-file.js"))).toBeUndefined();
    expect(lackIn(new Error("something else"))).toBeUndefined();
  });
});
