/** What shares a process mocks no module there, which the files after it would have too. */
import { expect, test } from "vitest";
import { tidy } from "../../scripts/shared.ts";
import { filesIn, textOf } from "../source.ts";

test("only what is left out of the shared processes mocks a module", () => {
  const files = tidy.flatMap((folder) => filesIn(`test/${folder}`));
  expect(files.length).toBeGreaterThan(100);
  const mocking = files.filter((file) => /\bvi\.(mock|doMock)\(/.test(textOf(file)));
  expect(mocking).toEqual(["test/experiments/whitened.test.ts"]);
});
