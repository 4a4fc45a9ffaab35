/** Measurements that need a process to themselves: each is a task of this very file, run as `own-process.ts NAME OPTIONS`. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { adam, arms, initialState, input, keyTensor, tensor, trainStep } from "../src/index.ts";
import { nodeRuntime } from "../src/node/index.ts";
import { ours, subjects } from "./ours.ts";

interface Options {
  readonly threads: number;
  readonly blocked: boolean;
  readonly steps?: number;
}

const measurements = {
  /** Memory at its highest while the weight arm takes some steps. */
  async memory({ threads, blocked }: Options): Promise<unknown> {
    const { run } = await ours({
      ...{ subject: subjects.cifar10, arm: "weight", batch: 100, width: 96, threads, blocked },
    });
    await run(4);
    return { peakMebibytes: process.resourceUsage().maxRSS / 1024 };
  },

  /** Memory after every so many steps of a narrow network: it does not grow. */
  async soak({ threads, blocked, steps = 2000 }: Options): Promise<unknown> {
    const { run } = await ours({
      ...{ subject: subjects.cifar10, arm: "weight", batch: 20, width: 16, threads, blocked },
    });
    const mebibytes: number[] = [];
    for (let done = 0; done < steps; done += steps / 20) {
      await run(steps / 20);
      mebibytes.push(process.memoryUsage.rss() / 2 ** 20);
    }
    return { steps, mebibytes };
  },

  /** Milliseconds of a step in convolutions, from ONNX Runtime's own profile. */
  async profile({ threads, blocked }: Options): Promise<unknown> {
    const folder = await mkdtemp(join(tmpdir(), "weightnorm-bench-"));
    const { image, network } = subjects.cifar10;
    const x = input("x", [100, ...image]);
    const labels = input("labels", [100], "int32");
    const spec = trainStep(network(x, labels, 96), {
      inputs: [x, labels],
      key: input("key", [2], "uint32"),
      norm: arms.weight,
      optimizer: adam(),
    });
    const profile = join(folder, "profile");
    const program = await nodeRuntime({ threads, blocked, profile }).compile(spec);
    const state = initialState(program.parameters, 1);
    for (let step = 0; step < 6; step++)
      await program.run(
        {
          x: tensor(
            new Float32Array(100 * 3072).map((_, i) => Math.sin(i * i)),
            x.shape,
          ),
          labels: tensor(new Int32Array(100), [100], "int32"),
          key: keyTensor(step),
        },
        state,
      );
    await program.release();
    const [file] = await readdir(folder);
    const events = JSON.parse(await readFile(join(folder, file), "utf8")) as readonly Event[];
    await rm(folder, { recursive: true });
    return { convolutionMilliseconds: convolutionsOf(events).slice(1) };
  },
};

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}
/** Kernels that multiply: all products of a convolution are one of them, whatever its form. */
const PRODUCTS = ["Conv", "ConvTranspose", "Gemm", "MatMul", "FusedMatMul"];
const convolutionsOf = (events: readonly Event[]): readonly number[] =>
  events
    .filter(({ name }) => name === "model_run")
    .map(
      ({ ts, dur }) =>
        events
          .filter((e) => e.cat === "Node" && e.ts >= ts && e.ts <= ts + dur)
          .filter(
            (e) => PRODUCTS.includes(e.args?.op_name ?? "") && e.name.endsWith("_kernel_time"),
          )
          .reduce((sum, e) => sum + e.dur, 0) / 1000,
    );

/** What a measurement gives in a process of its own. */
export async function inProcess<T>(name: keyof typeof measurements, options: Options): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--import",
    "tsx",
    fileURLToPath(import.meta.url),
    name,
    JSON.stringify(options),
  ]);
  return JSON.parse(stdout) as T;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, options] = process.argv.slice(2) as [keyof typeof measurements, string];
  const result = await measurements[name](JSON.parse(options) as Options);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
