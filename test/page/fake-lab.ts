/**
 * A lab that trains nothing: it plays made-up events, so that the page can be built, looked at and tested without a worker. What it was
 * asked, and ways to make it fail, stand in `fake`.
 */
import { sheetOf } from "../../runs/minibatch/sheet.ts";
import type { Event, RunKey, Shown } from "../../runs/events.ts";
import type { Raster } from "../../runs/pictures.ts";
import { keysOf, nameOf } from "../../runs/rates.ts";
import { ARMS, type Arm, type Results } from "../../runs/records.ts";
import type { Begun, Kept, Lab, Told, Wish } from "../../page/worker/protocol.ts";
import { ERROR, sampleResults } from "../report/sample.ts";
import { ABOUT, offerOf, takenBy, TAKES } from "./fake-offers.ts";

/** What tests may ask and do. */
export interface Fake {
  /** Names of methods with what they were given, in order. */
  readonly calls: (readonly [string, ...unknown[]])[];
  /** How many workers were started. */
  started: number;
  /** Share of a run that a tick is, and milliseconds between two. */
  stride: number;
  tick: number;
  tell?: (told: Told) => void;
  die?: (why: string) => void;
}
/** What outlives the page: a tab's storage, where there is one. */
const { sessionStorage: disk } = globalThis as {
  readonly sessionStorage?: {
    getItem(name: string): string | null;
    setItem(name: string, text: string): void;
  };
};
const kept = (): Kept | undefined => {
  const text = disk?.getItem("last");
  return text == null ? undefined : (JSON.parse(text) as Kept);
};
export const fake: Fake = { calls: [], started: 0, stride: 1 / 120, tick: 60 };

/** Everything that happens in a made-up run, with its share of the whole. */
function script(results: Results, keys: readonly RunKey[]): readonly (readonly [number, Event])[] {
  const epochs = results.config["epochs"] as number;
  return keys.flatMap((key): (readonly [number, Event])[] => {
    const { runs, parameters } = results.arms[key.arm]!;
    const run = runs.find(({ seed }) => seed === key.seed) ?? runs[0];
    const { timing, step, points, tests } = run;
    const wall = tests.at(-1)!.seconds;
    return [
      ...points.map((p) => [p.at / epochs, { ...key, type: "point", ...p }] as const),
      ...tests.map((t) => [t.at / epochs, { ...key, type: "measured", ...t }] as const),
      [1, { ...key, type: "finished", step, parameters, timing: timing!, wall }],
    ];
  });
}

export function fakeLab(tell: (told: Told) => void): Lab {
  let begun: Begun | undefined;
  let done = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let events: readonly (readonly [number, Event])[] = [];
  const files = new Map<string, { readonly names: readonly string[]; readonly text: string }>();
  let device: Wish["device"] | undefined;
  /** The columns of the table that was given, if it is one. */
  const columns = (experiment: string): readonly string[] | undefined => {
    const { text = "" } = (takenBy(experiment)["data"] === "table" && files.get("data")) || {};
    return text.includes(",") ? text.split("\n")[0].split(",") : undefined;
  };
  const phase = (is: "preparing" | "paused" | "running" | "finished"): void =>
    tell({ type: "phase", phase: { is } });
  fake.tell = tell;

  const steps = (): number => 600 * (begun!.run.config as unknown as { epochs: number }).epochs;
  function advance(share: number): void {
    const [from, to] = [done, Math.min(1, done + share)];
    done = to;
    const config = begun!.run.config;
    const stepped = begun!.keys.map((key, i): Shown => {
      const step = Math.round(to * steps());
      const loss = 2.2 * Math.exp(-9 * to * (1 + 0.1 * i)) + 0.05;
      return {
        ...key,
        type: "stepped",
        step,
        steps: steps(),
        wall: step * 0.007,
        values: { loss },
      };
    });
    const happened = events.filter(([at]) => at > from && at <= to).map(([, event]) => event);
    tell({ type: "events", events: [...stepped, ...happened] });
    const saved = begun!.keys.map(
      (key) => [nameOf(config, key), Math.round(to * steps())] as const,
    );
    tell({ type: "saved", steps: Object.fromEntries(saved) });
    if (to < 1) return;
    clearInterval(timer);
    phase("finished");
  }
  function begin(wish: Wish): Begun {
    clearInterval(timer);
    const asked: Readonly<Record<string, unknown>> = wish.asked;
    const arms = (asked["arms"] ?? ARMS) as readonly Arm[];
    const seeds = (asked["seeds"] ?? [1]) as readonly number[];
    const epochs = (asked["epochs"] ?? 2) as number;
    const results = sampleResults({
      arms,
      epochs,
      seeds: seeds.length,
      layers: ["conv1", "conv2", "dense"],
    });
    const config = {
      ...results.config,
      arms,
      epochs,
      seeds,
      lr: [0.001],
      ...(wish.experiment === "strokes" ? { lrOf: { weight: [0.003] } } : {}),
      threads: 2,
      preset: "small",
    };
    const keys = keysOf(config);
    events = script(results, keys);
    done = 0;
    const names = keys.map((key) => ({
      ...key,
      name: nameOf(config, key),
      step: 0,
      steps: 600 * epochs,
    }));
    const sheet = sheetOf(
      { measures: [ERROR] },
      { batchSize: 100, lr: [0.001], arms, target: 0.015, heldOut: 0.1, trainSize: 10_000 },
      2000,
    );
    const isDigits = wish.experiment === "digits" || wish.experiment in TAKES;
    begun = {
      run: {
        ...{ experiment: wish.experiment, config, places: {}, changes: [] },
        ...{ command: `weightnorm compare ${wish.experiment}`, startedAt: results.startedAt },
      },
      keys,
      ...{ threads: 2, device: "wasm", kept: true },
      said: "WebAssembly, 2 threads, because there is no graphics card here",
      events: [
        {
          ...{ type: "opened", time: results.startedAt, machine: results.machine },
          ...{ facts: results.facts, sheet, runs: names },
        },
      ],
      exports: true,
      looks: {
        ...(isDigits
          ? {
              guesses: {
                picture: { width: 28, height: 28, channels: 1 as const },
                inverted: true,
                classes: Array.from("0123456789"),
              },
            }
          : {}),
        mistakes: isDigits,
        samples: ["shapes", "strokes"].includes(wish.experiment),
        reconstructions: wish.experiment === "shapes",
        ...(wish.experiment === "shapes" ? { latents: 16 } : {}),
        game: wish.experiment === "breaker",
      },
    };
    return begun;
  }
  /** Why it cannot begin, as the worker says it, and tells it where another worker can. */
  function refusal({ experiment, asked, device: wanted }: Wish): string | undefined {
    if (device !== undefined && device !== wanted) {
      tell({ type: "phase", phase: { is: "elsewhere" } });
      return "lab: expected the device of before, got another; ask another worker";
    }
    const own = takenBy(experiment);
    if (Object.keys(own).length === 0) return undefined;
    const data = files.get("data");
    if (!data)
      return kept()?.wish.experiment === experiment
        ? undefined
        : `${experiment}: expected a file, got none; drop one`;
    if (own["data"] !== "table") return undefined;
    const header = columns(experiment);
    if (!header)
      return `${data.names[0]}: expected a table with a line of names, got no comma; save it as CSV`;
    return asked["column"] === undefined
      ? `${data.names[0]}: expected the column to predict, got none; add --target with one of ${header.join(", ")}`
      : undefined;
  }
  const answers: Lab = {
    offers: () =>
      Promise.resolve(
        Object.entries(ABOUT).map(([experiment, about]) => ({
          ...{ experiment, about, takes: takenBy(experiment) },
        })),
      ),
    offer: (wish) => Promise.resolve(offerOf(wish, columns(wish.experiment))),
    async give(place, given) {
      const text = await given[0].file.text();
      files.set(place, { names: given.map(({ path }) => path), text });
    },
    begin(wish) {
      const wrong = refusal(wish);
      if (wrong !== undefined) return Promise.reject(new Error(wrong));
      device ??= wish.device;
      const given = Object.fromEntries([...files].map(([place, { names }]) => [place, names]));
      disk?.setItem(
        "last",
        JSON.stringify({ wish, given: files.size > 0 ? given : (kept()?.given ?? {}) }),
      );
      phase("preparing");
      const made = begin(wish);
      phase("paused");
      return Promise.resolve(made);
    },
    last: () => Promise.resolve(kept()),
    play() {
      phase("running");
      timer = setInterval(() => advance(fake.stride), fake.tick);
      return Promise.resolve();
    },
    pause() {
      clearInterval(timer);
      phase("paused");
      return Promise.resolve();
    },
    advance(by) {
      advance(by === "step" ? 1 / steps() : 0.5);
      return Promise.resolve();
    },
    setRate: (lr) => {
      const to = [lr];
      const changed = { setting: "lr", from: [0.001], to, note: "", time: "", steps: {} };
      tell({ type: "events", events: [{ type: "changed", ...changed }] });
      return Promise.resolve();
    },
    filters: (key, layer) =>
      Promise.resolve({
        layer,
        filters: Array.from({ length: 16 }, (_, i) => noise(3 + ARMS.indexOf(key.arm), i)),
        units: 40,
        v: Array.from({ length: 16 }, (_, i) => 0.2 + 0.01 * i),
        g: Array.from({ length: 16 }, (_, i) => 1 + 0.1 * i),
      }),
    guess: () =>
      Promise.resolve(
        begun!.keys.map((key, k) => {
          const weights = Array.from({ length: 10 }, (_, c) =>
            Math.exp(c === 7 ? 5 - k : (c * k) % 3),
          );
          const sum = weights.reduce((a, b) => a + b);
          return { key, probabilities: weights.map((w) => w / sum) };
        }),
      ),
    mistakes: (most) =>
      Promise.resolve(
        begun!.keys.map((key, k) => ({
          key,
          mistakes: Array.from({ length: Math.min(8, most) }, (_, i) => ({
            ...{ row: 40 * i + (i % (k + 1)), picture: digit(i), label: String(i % 10) },
            ...{ guess: String((i + 3 + k) % 10), sure: 0.99 - 0.05 * i },
          })),
        })),
      ),
    samples: (key, seed) =>
      Promise.resolve([
        {
          ...{ name: "samples", caption: "New digits, drawn from the prior.", delay: 120 },
          frames: Array.from({ length: begun!.run.experiment === "strokes" ? 10 : 1 }, (_, i) =>
            noise(60, seed + i + ARMS.indexOf(key.arm)),
          ),
        },
      ]),
    reconstructions: (key) =>
      Promise.resolve({
        ...{ name: "reconstructions", caption: "Above the test, below what is made of it." },
        frames: [noise(60, ARMS.indexOf(key.arm))],
      }),
    decode: (key, z) =>
      Promise.resolve(noise(28, Math.round(10 * z[0]) + 100 * ARMS.indexOf(key.arm))),
    game: (_, seed) =>
      Promise.resolve({
        ...{ name: "breaker", actions: ["stay", "left", "right"], score: 7, steps: 40, delay: 100 },
        frames: Array.from({ length: 40 }, (_frame, i) => ({
          ...{ picture: noise(10, seed + i), score: Math.floor(i / 6) },
          ...(i < 39 ? { q: [0.4, 0.2 + 0.01 * i, 0.3], action: i % 3 } : {}),
        })),
      }),
    evaluate: () => Promise.resolve({ error: 0.0123 }),
    save: (what: string, key?: RunKey) =>
      Promise.resolve({
        name: key ? `${key.arm}-${key.seed}.safetensors` : `${what}.json`,
        bytes: new TextEncoder().encode("{}"),
        type: "application/json",
      }),
    open(name) {
      if (name.startsWith("broken"))
        return Promise.reject(
          new Error(`${name}: expected a checkpoint, got a file that is cut short; copy it again`),
        );
      const wish: Wish = { experiment: "digits", asked: { arms: ["weight"] }, device: "auto" };
      return Promise.resolve({ wish, begun: begin(wish) });
    },
  };
  return new Proxy(answers, {
    get:
      (target, name: keyof Lab) =>
      (...given: unknown[]) => {
        fake.calls.push([name, ...given]);
        return (target[name] as (...args: unknown[]) => unknown)(...given);
      },
  });
}

/** A picture that is something, the same for the same seed. */
function noise(size: number, seed: number): Raster {
  const pixels = Uint8Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) / size - 0.5, Math.floor(i / size) / size - 0.5];
    return 127 + 120 * Math.sin(9 * (x * Math.cos(seed) + y * Math.sin(seed)) * (1 + (seed % 3)));
  });
  return { width: size, height: size, channels: 1, pixels };
}
const digit = (seed: number): Raster => noise(28, seed);
