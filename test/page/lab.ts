/** The lab in Node: on a disk in memory, with a small MNIST, and all that it tells kept. */
import { tmpdir } from "node:os";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { lab as labOf, type Around } from "../../page/worker/session.ts";
import type { Begun, Lab, Phase, Told, Wish } from "../../page/worker/protocol.ts";
import type { Door, World } from "../../runs/experiment.ts";
import { memoryDisk } from "../../runs/memory-disk.ts";
import { decodeCheckpoint } from "../../src/index.ts";
import { nodeDoor } from "../../src/node/index.ts";
import { webRuntime } from "../../src/web.ts";
import { tinyMnist } from "../../bench/kills/scenarios.ts";
import { droppedFiles, titleOf } from "../../page/worker/dropped.ts";

export type Files = Map<string, Uint8Array>;

export interface Opened {
  readonly lab: Lab;
  readonly told: readonly Told[];
  phase(): Phase | undefined;
  /** Resolves once the worker is in a phase of this kind. */
  is(phase: Phase["is"]): Promise<void>;
  /** Resolves once its page has heard of a step of the first arm from this one on, with that. */
  steppedTo(step: number): Promise<number>;
}

/** The folder of its data. */
export const data: string = await tinyMnist(await mkdtemp(join(tmpdir(), "weightnorm-lab-")), {
  ...{ train: 640, test: 100 },
});
const runtime = webRuntime({ threads: 1 });
const door: Door = { ...nodeDoor(), package: () => nodeDoor().at(data) };
/** Where the same is trained without a page. */
export const world: World = {
  ...{ runtime: () => runtime, threads: 1, places: {}, door, progress: () => undefined },
};

/** A worker on a disk; another one on the same files is a page that was loaded again. */
export function opened(
  files: Files = new Map(),
  { threads = 1, kept = true, ...more }: Partial<Around> & { readonly kept?: true | string } = {},
): Opened {
  const told: Told[] = [];
  const listeners = new Set<() => void>();
  const phase = (): Phase | undefined =>
    told.findLast((t): t is Told & { readonly type: "phase" } => t.type === "phase")?.phase;
  const lab = labOf({
    storage: () => Promise.resolve({ disk: memoryDisk(files), kept }),
    threads,
    runtime: () => Promise.resolve({ runtime, device: "wasm", said: "WebAssembly, in a test" }),
    door: ({ given }) => ({
      ...door,
      at: (place) =>
        droppedFiles(
          place,
          [...given.values()].find((all) => titleOf(all) === place)!,
        ),
    }),
    machine: ({ name }) => ({ cores: 1, platform: "test", browser: "none", runtime: name }),
    tell(now) {
      told.push(structuredClone(now)); // as a message is
      for (const listener of listeners) listener();
    },
    ...more,
  });
  return {
    lab,
    told,
    phase,
    steppedTo: (least) =>
      new Promise((done) => {
        const look = (): void => {
          const now = told.at(-1);
          const events = now?.type === "events" ? now.events : [];
          const found = events.find(
            (e) => e.type === "stepped" && e.arm === "plain" && e.step >= least,
          );
          if (found?.type !== "stepped") return;
          listeners.delete(look);
          done(found.step);
        };
        listeners.add(look);
      }),
    is: (wanted) =>
      new Promise((done) => {
        const look = (): void => {
          if (phase()?.is !== wanted) return;
          listeners.delete(look);
          done();
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Two arms of two short epochs. */
export const WISH: Wish = {
  experiment: "mnist",
  device: "wasm",
  asked: {
    ...{ arms: ["plain", "weight"], epochs: 2, batchSize: 5, trainSize: 50, testSize: 20 },
    ...{ threads: 1 },
  },
};

/** Trains to the end; what came of it, by runs, to the last bit. */
export async function trained({ lab, is }: Opened, begun: Begun): Promise<Bits> {
  await lab.play();
  await is("finished");
  return bitsOf(lab, begun);
}

export interface Bits {
  readonly losses: readonly unknown[];
  readonly tensors: Readonly<Record<string, unknown>>;
}

/** Losses of the curve, and tensors, of what a page can have as files. */
export async function bitsOf(lab: Lab, { keys }: Pick<Begun, "keys">): Promise<Bits> {
  const { bytes } = await lab.save("results");
  const { arms } = JSON.parse(new TextDecoder().decode(bytes)) as {
    readonly arms: Readonly<
      Record<
        string,
        {
          readonly runs: readonly {
            readonly points: readonly Point[];
            readonly tests: readonly Test[];
          }[];
        }
      >
    >;
  };
  const losses = Object.values(arms).flatMap(({ runs }) =>
    runs.flatMap(({ points, tests }) => [
      points.map(({ step, values, layers }) => [step, values, layers]),
      tests.map(({ step, test }) => [step, test]),
    ]),
  );
  const tensors = keys.map(async (key) => {
    const saving = await lab.save("checkpoint", key);
    return [saving.name, tensorsOf(saving.bytes)] as const;
  });
  return { losses, tensors: Object.fromEntries(await Promise.all(tensors)) };
}
interface Point {
  readonly step: number;
  readonly values: unknown;
  readonly layers: unknown;
}
interface Test {
  readonly step: number;
  readonly test: unknown;
}

export const tensorsOf = (bytes: Uint8Array): unknown => {
  const { state, step } = decodeCheckpoint(bytes, "a checkpoint");
  return [step, ...[...state].map(([name, { shape, data: x }]) => [name, shape, [...x]])];
};
