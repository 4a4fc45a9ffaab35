/** The door to onnxruntime-web's WebAssembly: the same graphs in a browser tab, or in Node. */
import { optionsOf } from "../graph/index.ts";
import { ortRuntime } from "./ort.ts";
import type { Ort } from "./session.ts";
import type { Runtime } from "./program.ts";
import { checkThreads } from "./threads.ts";

/** How WebAssembly is started: once a page or worker, so the first program that is compiled there decides. */
export interface WebRuntimeOptions {
  /**
   * Threads that one op may use (default: ONNX Runtime's choice, at most 4 and half of the cores). More than one needs a page that
   * is isolated; elsewhere one does all.
   */
  readonly threads?: number;
  /**
   * Where the .wasm and .mjs files of onnxruntime-web are, if not where the bundler put them: the address of their folder, with
   * its "/", or one for each file.
   */
  readonly paths?: string | { readonly wasm?: string; readonly mjs?: string };
  /** Whether updates follow the graph, in place, or are part of it (default true): the bits are the same. */
  readonly inPlace?: boolean;
}

const known = optionsOf<WebRuntimeOptions>("webRuntime", {
  threads: "optional",
  paths: "optional",
  inPlace: "optional",
});
/** Compiles programs for onnxruntime-web's WebAssembly build, an optional peer dependency that is imported when first needed. */
export const webRuntime = (options: WebRuntimeOptions = {}): Runtime => {
  const { threads, paths, inPlace = true } = known(options);
  checkThreads("webRuntime", threads);
  return ortRuntime(
    "onnxruntime-web",
    async () => startedWith("webRuntime", await load(), { threads, paths }),
    {
      inPlace,
      session: { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 },
    },
  );
};

/** package.json says which build: in a browser that of WebAssembly alone, half the bytes, which does not load in Node. */
async function load(): Promise<OrtWeb> {
  try {
    return await import("#onnxruntime-web");
  } catch (cause) {
    throw notLoaded("webRuntime", cause);
  }
}

export const notLoaded = (where: string, cause: unknown): Error =>
  new Error(
    `${where}: onnxruntime-web could not be loaded, got an error on importing it; install it with \`npm install onnxruntime-web\``,
    { cause },
  );

/** What onnxruntime-web has beside {@link Ort}: settings that it reads when the first session is made. */
export interface OrtWeb extends Ort {
  readonly env: {
    readonly wasm: { numThreads?: number; wasmPaths?: unknown };
  };
}
type Asked = { readonly [K in "threads" | "paths"]: WebRuntimeOptions[K] | undefined };

/** What each build of onnxruntime-web in this page was started with. */
const started = new WeakMap<object, Asked>();

/** The build with its settings in force; it reads them only once, so that others are refused later. */
export function startedWith(where: string, ort: OrtWeb, asked: Asked): OrtWeb {
  const { wasm } = ort.env;
  const before = started.get(wasm);
  if (!before) {
    started.set(wasm, asked);
    if (asked.threads !== undefined) wasm.numThreads = asked.threads;
    if (asked.paths !== undefined) wasm.wasmPaths = asked.paths;
    return ort;
  }
  for (const name of ["threads", "paths"] as const) {
    const [now, was] = [textOf(asked[name]), textOf(before[name])];
    if (asked[name] !== undefined && now !== was)
      throw new Error(
        `${where}: ${name} can be chosen once a page, got ${now} after ${was}; give the first runtime that compiles the same, or use a worker of its own`,
      );
  }
  return ort;
}
const textOf = (choice: unknown): string =>
  choice === undefined ? "none" : JSON.stringify(choice);
