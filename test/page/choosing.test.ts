/** What is to be chosen of files: the worker says it before anything begins. */
import { expect, test } from "vitest";
import type { Control, Wish } from "../../page/worker/protocol.ts";
import { opened } from "./lab.ts";

const WISH: Wish = { experiment: "table", asked: {}, device: "wasm" };

test("a table's columns are what there is to choose from, a broken table has none to offer yet", async () => {
  const { lab } = opened();
  const column = async (): Promise<Control> =>
    (await lab.offer(WISH)).controls.find(({ name }) => name === "column")!;
  expect(await column()).not.toHaveProperty("needed");
  const give = (text: string): Promise<void> =>
    lab.give("data", [{ path: "t.csv", file: new File([text], "t.csv") }]);
  await give('x;"y; z";kind\n1;2;a\n');
  expect(await column()).toMatchObject({
    ...{ label: "column to predict", flag: "--target" },
    ...{ choices: ["x", "y; z", "kind"], needed: true },
  });
  await give("");
  expect(await column()).not.toHaveProperty("needed");
  const takes = Object.fromEntries((await lab.offers()).map((o) => [o.experiment, o.takes]));
  expect(takes).toMatchObject({
    ...{ table: { data: "table" }, photos: { data: "pictures" }, mnist: {} },
    "tuned-table": { data: "table", model: "model" },
  });
});
