/** Agents of earlier versions: they are read by every command, and go on as the version that began them would have. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { within } from "../cli/run.ts";
import { fixtures } from "../runs/fixtures.ts";

vi.setConfig({ testTimeout: 120_000 });

const { folder, copyOf, goesOn } = await fixtures();
afterAll(() => rm(folder, { recursive: true, force: true }));

test("finished ones are reported", async () => {
  const dir = await copyOf("dqn-finished");
  expect(await within("report", dir)).toMatchObject({ code: 0, stderr: "" });
  expect(await readFile(join(dir, "report.html"), "utf8")).not.toMatch(/undefined|NaN|\[object/);
});

test("one that has not learned yet plays, and is tested", async () => {
  const agent = await copyOf("dqn-unfinished", "played");
  const played = await within("play", agent, "--json");
  expect(JSON.parse(played.stdout)).toMatchObject({
    ...{ game: "breakout", arm: "weight", trainedFrames: 61 },
  });
  expect(await within("eval", agent, "--json")).toMatchObject({ code: 0 });
});

test("an unfinished one goes on as the version that began it would have", () =>
  goesOn("dqn", "dqn-unfinished"));
