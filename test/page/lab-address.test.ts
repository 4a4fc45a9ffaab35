/** The lab's address and the texts of its controls: what is written is read, and what is broken is said. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { askedOf, readAddress, searchOf } from "../../page/lab/address.ts";
import { parsed, textOf } from "../../page/lab/control-values.ts";
import type { Control, Wish } from "../../page/worker/protocol.ts";
import { CONTROLS } from "./fake-offers.ts";

const PRESETS = ["small", "large"];
const offer = { controls: CONTROLS, presets: PRESETS };

/** Values that a control takes; numbers with no more digits than people write. */
function valueOf({
  type,
  many,
  choices = [],
  least = 0,
  most = 1e9,
  scale,
}: Control): fc.Arbitrary<unknown> {
  const one: Readonly<Record<Control["type"], fc.Arbitrary<unknown>>> = {
    whole: fc.integer({ min: least, max: Math.min(most, 2 ** 31) }),
    number: fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000),
    positive: fc.integer({ min: 1, max: 99_999 }).map((n) => n / 1e5 / scale), // as typed
    choice: fc.constantFrom("", ...choices).filter((name) => name !== ""),
    switch: fc.boolean(),
    text: fc.string({ minLength: 1, maxLength: 200 }).filter((text) => text.trim() !== ""),
  };
  return many ? fc.uniqueArray(one[type], { minLength: 1, maxLength: 4 }) : one[type];
}
const asked = fc.record(
  {
    preset: fc.constantFrom(...PRESETS),
    ...Object.fromEntries(CONTROLS.map((control) => [control.name, valueOf(control)])),
  },
  { requiredKeys: [] },
);
const wish: fc.Arbitrary<Wish> = fc.record({
  experiment: fc.string({ minLength: 1 }),
  asked: asked,
  device: fc.constantFrom("auto", "webgpu", "wasm"),
});

test("a wish is read back as it was written, and whether to play", () => {
  fc.assert(
    fc.property(wish, fc.boolean(), (one, play) => {
      const address = readAddress(searchOf(one, CONTROLS, { play }));
      const { asked: read, problems } = askedOf(address.texts, offer);
      expect([...address.problems, ...problems]).toEqual([]);
      expect({ experiment: address.experiment, device: address.device, asked: read }).toEqual(one);
      expect(address.play).toBe(play);
    }),
  );
});

test("addresses are short and readable", () => {
  const some: Wish = {
    ...{ experiment: "digits", device: "wasm" },
    asked: { arms: ["plain", "weight"], lr: [0.001, 0.003], epochs: 2, target: 0.015 },
  };
  expect(searchOf(some, CONTROLS)).toBe(
    "?experiment=digits&epochs=2&lr=0.001,0.003&target=1.5&arms=plain,weight&device=wasm",
  );
});

test("whatever an address says, it is a wish that its controls take, and a sentence for all else", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...CONTROLS.map((c) => c.name), "foo"), fc.string()),
      (texts) => {
        const { asked: read, problems } = askedOf(texts, offer);
        const written = readAddress(
          searchOf({ experiment: "x", asked: read, device: "auto" }, CONTROLS),
        );
        expect(askedOf(written.texts, offer)).toEqual({ asked: read, problems: [] });
        const told = Object.keys(read).length + problems.length;
        const empty = Object.entries(texts).filter(
          ([name, t]) => name !== "foo" && t.trim() === "",
        );
        expect(told + empty.length).toBe(Object.keys(texts).length);
      },
    ),
  );
});

describe("what is broken is said, and the default taken", () => {
  test.each([
    ["epochs=x", "epochs: expected a whole number of at least 1"],
    ["epochs=0", "epochs: expected a whole number of at least 1"],
    ["arms=plain,fast", "arms: expected one of plain, weight"],
    ["lr=0.1,0.1", "learning rate: expected every value once"],
    ["headOnly=maybe", 'head only: expected true or false, got "maybe"; write true or false'],
    ["preset=huge", "preset: expected one of small, large"],
    ["foo=1", "foo: expected a setting of this experiment"],
  ])("%s", (search, start) => {
    const { asked: read, problems } = askedOf(readAddress(`?${search}`).texts, offer);
    expect(read).toEqual({});
    expect(problems).toHaveLength(1);
    expect(problems[0].startsWith(start), problems[0]).toBe(true);
  });
  test("a device", () => {
    const { device, problems } = readAddress("?device=quantum");
    expect(device).toBe("auto");
    expect(problems).toEqual([
      'device: expected one of auto, webgpu, wasm, got "quantum"; the page chooses one itself',
    ]);
  });
});

test("a checkpoint to open is no setting", () => {
  const { checkpoint, texts } = readAddress(
    "?checkpoint=api/runs/a%2520b/checkpoints/weight-1.safetensors",
  );
  expect(checkpoint).toBe("api/runs/a%20b/checkpoints/weight-1.safetensors");
  expect(texts).toEqual({});
});

test("an empty field goes back to the default, and a value without one is empty", () => {
  for (const control of CONTROLS) {
    expect(parsed(control, " ")).toEqual({ value: undefined });
    expect(textOf(control, undefined)).toBe("");
  }
});

test("a list may be written as several values of one name", () => {
  const { texts } = readAddress("?arms=plain&arms=weight");
  expect(askedOf(texts, offer).asked).toEqual({ arms: ["plain", "weight"] });
});

test("what is far too long is told in short", () => {
  const long = "x".repeat(5000);
  const { texts, problems } = readAddress(
    `?device=${long}&epochs=${long}&preset=${long}&${long}=1`,
  );
  const all = [...problems, ...askedOf(texts, offer).problems];
  expect(all).toHaveLength(4);
  for (const problem of all) expect(problem.length).toBeLessThan(300);
});
