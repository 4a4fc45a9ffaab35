/** A folder of runs as the server shows it: all that is there, as it is now, and as it changes. */
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resumeRun } from "../../runs/folder/index.ts";
import type { ListMessage, RunSummary } from "../../serve/api.ts";
import { findRuns } from "../../serve/runs.ts";
import { ask, find, folder, hear, measured, point, serverFor, train, written } from "./world.ts";

/** All runs, once all were read. */
async function listed(root: string): Promise<readonly RunSummary[]> {
  const hearing = await hear<ListMessage>(serverFor(root), "/api/runs");
  const [first] = await hearing.until(({ type }) => type === "runs");
  if (first.type !== "runs") throw new Error("no list");
  const all = [...first.runs];
  for (let left = first.reading; left > 0; left--)
    for (const message of await hearing.until(({ type }) => type === "run"))
      if (message.type === "run") all.push(message.run);
  await hearing.leave();
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

describe("what is listed", () => {
  test("says how far runs are, what they are worth, and what state they are in", async () => {
    const root = folder();
    await train(join(root, "done"));
    const { write } = await written(join(root, "deep/er/stopped"));
    await write(point(1), measured(4), point(5), point(3, { arm: "weight" }));
    const { store } = await written(join(root, "running")).then(() =>
      resumeRun(join(root, "running"), find),
    );
    const runs = await listed(root);
    await store.close();
    expect(runs.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "deep/er/stopped stopped",
      "done finished",
      "running running",
    ]);
    const [stopped, done] = runs;
    expect(stopped.runs).toEqual([
      { arm: "plain", seed: 1, lr: 0.1, name: "plain-1", step: 5, steps: 8, test: { error: 0.25 } },
      { arm: "weight", seed: 1, lr: 0.1, name: "weight-1", step: 3, steps: 8 },
    ]);
    expect(done).toMatchObject({
      ...{ experiment: "counting", command: "count", startedAt: "2026-01-01T00:00:00.000Z" },
      measure: { key: "error" },
      checkpoints: ["plain-1", "weight-1"],
    });
    expect(done.settings).toContainEqual({ name: "epochs", value: "2" });
    expect(done.runs.map(({ step, steps }) => [step, steps])).toEqual([
      [8, 8],
      [8, 8],
    ]);
  });
  test("is a single run where the folder is one", async () => {
    const root = folder();
    await train(join(root, "one"));
    expect((await listed(join(root, "one"))).map(({ id }) => id)).toEqual(["one"]);
  });
  test("has what cannot be read in its place, with what is wrong", async () => {
    const root = folder();
    await train(join(root, "whole"));
    await mkdir(join(root, "torn"));
    await writeFile(join(root, "torn/config.json"), '{"experiment": "coun');
    await mkdir(join(root, "foreign"));
    await writeFile(
      join(root, "foreign/config.json"),
      JSON.stringify({ experiment: "<b>x</b>", config: {}, command: "", startedAt: "" }),
    );
    const [foreign, torn, whole] = await listed(root);
    expect(whole.state).toBe("finished");
    expect(foreign).toMatchObject({ state: "unreadable", runs: [] });
    expect(foreign.problem).toMatch(/^foreign\/config.json: expected a run .*"<b>x<\/b>"/);
    expect(torn.problem).toMatch(/^torn\/config.json: .*; restore the file or start a new run$/);
    const refused = await ask(serverFor(root), "/api/runs/torn/events");
    expect([refused.status, await refused.json()]).toEqual([409, { error: torn.problem }]);
  });
  test("says of a run that has just begun that there is nothing to report yet", async () => {
    const root = folder();
    await written(join(root, "untested"));
    const { dir } = await written(join(root, "new"));
    await rm(join(dir, "log.jsonl"));
    const { write } = await written(join(root, "tested"));
    await write(measured(4), measured(4, { arm: "weight" }));
    const server = serverFor(root);
    const why = {
      untested:
        "expected every run to have been tested, got some that were not yet; let them train on",
      new: "expected the log of a run, got none of its events; let it train for a while, or go on with it",
    };
    for (const what of ["report", "results.json"]) {
      for (const [id, message] of Object.entries(why)) {
        const response = await ask(server, `/api/runs/${id}/${what}`);
        expect([response.status, await response.json()], what).toEqual([
          ...[409, { error: `${id}: ${message}` }],
        ]);
      }
      expect((await ask(server, `/api/runs/tested/${what}`)).status, what).toBe(200);
    }
  });
  test("tells a log of which the middle is long from both of its ends", async () => {
    const root = folder();
    const { write } = await written(join(root, "long"), { epochs: 100_000 });
    const many = Array.from({ length: 20_000 }, (_, i) => point(i + 1));
    await write(measured(2), point(1, { arm: "weight" }), ...many, measured(20_000));
    const [{ runs }] = await listed(root);
    expect(runs[0]).toMatchObject({ step: 20_000, steps: 400_000, test: { error: 1 / 20_000 } });
    expect(runs[1]).toMatchObject({ step: 0, steps: 400_000 }); // what it said lies far back
  });
});

describe("links", () => {
  test("within the folder lead somewhere once, and nowhere out of it", async () => {
    const [root, outside] = [folder(), folder()];
    await train(join(outside, "secret"));
    await train(join(root, "a/run"));
    await symlink(join(outside, "secret"), join(root, "leads-out"));
    await symlink(outside, join(root, "a/out"));
    await symlink(root, join(root, "a/circle"));
    await symlink(join(root, "a/run"), join(root, "again"));
    const ids = [...(await findRuns(root)).keys()];
    expect(ids).toHaveLength(1);
    expect(["again", "a/run"]).toContain(ids[0]);
  });
  test("in place of a run's own files are not followed out of the folder", async () => {
    const [root, outside] = [folder(), folder()];
    await train(join(outside, "secret"));
    for (const name of ["config.json", "log.jsonl", "results.json"]) {
      const dir = join(root, name.replace(/\..*/, ""));
      await train(dir);
      await rm(join(dir, name));
      await symlink(join(outside, "secret", name), join(dir, name));
    }
    const linked = join(root, "weights");
    await train(linked);
    const [plain, weight] = ["plain-1", "weight-1"].map((n) => `checkpoints/${n}.safetensors`);
    await rm(join(linked, plain));
    await symlink(join(outside, "secret", plain), join(linked, plain));
    const runs = await listed(root);
    expect(runs.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "config unreadable",
      "log unreadable",
      "results unreadable",
      "weights finished",
    ]);
    expect(runs[0].problem).toMatch(/got a link that leads out of it/);
    const server = serverFor(root);
    expect((await ask(server, `/api/runs/weights/${plain}`)).status).toBe(404);
    expect((await ask(server, `/api/runs/weights/${weight}`)).status).toBe(200);
  });
});

describe("changes", () => {
  test("are told: runs that begin, go on, and vanish", async () => {
    const root = folder();
    const { write } = await written(join(root, "first"));
    const hearing = await hear<ListMessage>(serverFor(root), "/api/runs");
    await hearing.until((m) => m.type === "run" && m.run.id === "first");
    await write(measured(4));
    const grown = await hearing.until((m) => m.type === "run" && m.run.runs[0].step === 4);
    expect(grown.at(-1)).toMatchObject({
      run: { id: "first", runs: [{ test: { error: 0.25 } }, {}] },
    });
    await train(join(root, "second"));
    await hearing.until(
      (m) => m.type === "run" && m.run.id === "second" && m.run.state === "finished",
    );
    await rm(join(root, "first"), { recursive: true });
    const gone = await hearing.until((m) => m.type === "gone");
    expect(gone.at(-1)).toEqual({ type: "gone", id: "first" });
    await hearing.leave();
  });
  test("a thousand runs are all listed, and each but once", async () => {
    const root = folder();
    for (let i = 0; i < 1000; i++) await written(join(root, `many/${i}`));
    const runs = await listed(root);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1000);
    expect(runs.filter(({ state }) => state !== "stopped")).toEqual([]);
    expect(runs).toHaveLength(1000);
  });
});
