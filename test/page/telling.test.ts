/** What is told in messages: few, and of steps that nobody saw only the last. */
import { expect, test } from "vitest";
import type { Told } from "../../page/worker/protocol.ts";
import { teller } from "../../page/worker/telling.ts";

test("what happens at once is two messages, with every event but the steps in between", () => {
  const told: Told[] = [];
  const said = teller((now) => told.push(now));
  const arm = { arm: "plain", seed: 1, lr: 1 } as const;
  const steps = Array.from({ length: 100 }, (_, i) => i + 1);
  for (const step of steps)
    said.event({ ...arm, type: "stepped", step, steps: 100, wall: step, values: {} });
  said.event({ ...arm, type: "lost", step: 100, why: "so" });
  said.flush();
  const events = told.map((t) => (t.type === "events" ? t.events : []));
  expect(events.map((all) => all.map((e) => [e.type, "step" in e && e.step]))).toEqual([
    [["stepped", 1]],
    [
      ["stepped", 100],
      ["lost", 100],
    ],
  ]);
});
