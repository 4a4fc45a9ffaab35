/** Runs that an earlier version left, and what that version makes of them when it goes on. */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { loadCheckpoint } from "../../src/node/index.ts";
import { readResults, within } from "../cli/run.ts";

const FIXTURES = join(import.meta.dirname, "..", "fixtures", "earlier");

export interface Fixtures {
  readonly folder: string;
  /** A copy of a fixture, with its paths put right. */
  copyOf(name: string, as?: string): Promise<string>;
  /** Goes on with an unfinished run, and begins it anew: both must end as the earlier version's. */
  goesOn(experiment: string, name: string): Promise<void>;
}

export async function fixtures(): Promise<Fixtures> {
  const folder = await mkdtemp(join(tmpdir(), "weightnorm-earlier-"));
  async function copyOf(name: string, as = name): Promise<string> {
    const dir = join(folder, as);
    await cp(join(FIXTURES, name), dir, { recursive: true });
    for (const file of ["config.json", "results.json"]) {
      const text = await readFile(join(dir, file), "utf8").catch(() => undefined);
      if (text !== undefined)
        await writeFile(join(dir, file), text.replaceAll("FIXTURES", FIXTURES));
    }
    const checkpoints = await readdir(join(dir, "checkpoints")).catch(() => []);
    for (const file of checkpoints.filter((n) => n.endsWith(".gz"))) {
      const path = join(dir, "checkpoints", file);
      await writeFile(path.slice(0, -3), gunzipSync(await readFile(path)));
      await rm(path);
    }
    return dir;
  }

  async function goesOn(experiment: string, name: string): Promise<void> {
    const dir = await copyOf(name);
    const expected = JSON.parse(await readFile(join(dir, "expected.json"), "utf8")) as Expected;
    await rm(join(dir, "expected.json"));
    const fresh = await copyOf(name, `${name}-from-the-start`);
    for (const part of ["checkpoints", "replay", "log.jsonl"])
      await rm(join(fresh, part), { recursive: true, force: true });
    for (const place of [dir, fresh]) {
      const { code, stderr } = await within("compare", experiment, "--resume", place, "--quiet");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
    const [resumed, begun] = [await measured(dir), await measured(fresh)];
    expect(resumed).toEqual(closeTo(begun));
    const old = Object.fromEntries(
      Object.entries(expected.runs).map(([run, { curve, epochs, step }]) => [
        run,
        {
          step,
          losses: curve.map(({ loss }) => loss),
          q: curve.map(({ q = null }) => q),
          returns: curve.map(({ score = null }) => score),
          ends: (epochs ?? []).map(({ train, test: t }) => ({ train, test: t })),
        },
      ]),
    );
    expect(resumed).toEqual(closeTo(old));
    // Other processors have other kernels. Where the first losses are the same bits, this is one of the same kind: so is the rest.
    const sameKind = Object.keys(old).every(
      (run) =>
        JSON.stringify(begun[run].losses.slice(0, 3)) ===
          JSON.stringify(old[run].losses.slice(0, 3)) &&
        JSON.stringify(begun[run].q) === JSON.stringify(old[run].q),
    );
    if (!sameKind) return;
    expect(resumed).toEqual(begun);
    expect(resumed).toEqual(old);
    for (const [run, { tensors }] of Object.entries(expected.runs))
      expect(await hashesOf(join(dir, "checkpoints", `${run}.safetensors`))).toEqual(tensors);
  }

  return { folder, copyOf, goesOn };
}

interface Expected {
  readonly runs: Readonly<
    Record<
      string,
      {
        readonly step: number;
        readonly curve: readonly {
          readonly loss: number | null;
          readonly q?: number | null;
          readonly score?: number | null;
        }[];
        readonly epochs?: readonly { readonly train: object; readonly test: object }[];
        readonly tensors: Readonly<Record<string, string>>;
      }
    >
  >;
}

interface Seen {
  readonly step: number;
  readonly losses: readonly (number | null)[];
  readonly q: readonly (number | null)[];
  readonly returns: readonly (number | null)[];
  readonly ends: readonly { readonly train: unknown; readonly test: unknown }[];
}
async function measured(dir: string): Promise<Readonly<Record<string, Seen>>> {
  const { arms } = await readResults(dir);
  const runs = Object.entries(arms).flatMap(([arm, { runs: all }]) =>
    all.map(({ seed, step, points, tests }) => {
      const of = (key: string): readonly (number | null)[] =>
        points.map((p) => p.values[key] ?? null);
      // Agents have no epochs: their tests are as random as their games, and follow from the tensors.
      const ends = tests.flatMap(({ train, test: t }) =>
        train && !("return" in t) ? [{ train, test: t }] : [],
      );
      return [
        `${arm}-${seed}`,
        { step, losses: of("loss"), q: of("q"), returns: of("return"), ends },
      ] as const;
    }),
  );
  return Object.fromEntries(runs);
}

/** The same with every number as near as kernels of other processors leave it. */
function closeTo(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? value : expect.closeTo(value, 2);
  if (Array.isArray(value)) return value.map(closeTo);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closeTo(inner)]));
}

async function hashesOf(path: string): Promise<Readonly<Record<string, string>>> {
  const { state } = await loadCheckpoint(path);
  return Object.fromEntries(
    [...state].map(([name, { data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [name, createHash("sha256").update(bytes).digest("hex")];
    }),
  );
}
