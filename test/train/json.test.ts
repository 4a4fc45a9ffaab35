/** JSON of which nothing is taken on trust, and values in messages. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brief, MOST_LEVELS, parseJson, parseRecord, word } from "../../src/train/json.ts";

const nested = (levels: number, inner = "1"): string =>
  `${"[".repeat(levels)}${inner}${"]".repeat(levels)}`;
const given = (text: string): string => {
  try {
    return JSON.stringify(parseJson(text, "config.json"));
  } catch (error) {
    return (error as Error).message;
  }
};

describe("parseJson", () => {
  test("is JSON.parse for what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(2), (value, spaces) => {
        const text = JSON.stringify(value, null, spaces);
        expect(parseJson(text, "f")).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  test("fails where JSON.parse does, in our form", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...'{}[]":,\\u0a1e9- \n'.split(""), '"a"', "null"), {
          maxLength: 12,
        }),
        (parts) => {
          const text = parts.join("");
          let expected: unknown;
          try {
            expected = JSON.parse(text);
          } catch {
            expect(given(text)).toMatch(
              /^config\.json: expected .+, got .+; put back an intact copy$/,
            );
            return;
          }
          if (!given(text).includes("twice")) expect(parseJson(text, "f")).toStrictEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("goes down no further than it may, quickly", () => {
    expect(given(nested(MOST_LEVELS))).toBe(nested(MOST_LEVELS));
    const deep =
      "config.json: expected JSON of at most 100 levels, got more; put back an intact copy";
    expect(given(nested(MOST_LEVELS + 1))).toBe(deep);
    expect(given(nested(100_000))).toBe(deep);
    expect(given("[".repeat(1_000_000))).toBe(deep);
    expect(given('{"a":'.repeat(1_000_000))).toBe(deep);
    expect(given(`"${"[".repeat(1000)}"`)).toBe(`"${"[".repeat(1000)}"`); // a text is no level
    expect(given(`[${'"\\\\",'.repeat(100_000)}1]`)).toHaveLength(5 * 100_000 + 3);
    expect(given("\\".repeat(1_000_000))).toMatch(/expected JSON/);
  });

  test("finds a name that comes twice, however it is spelled", () => {
    const twice = (name: string): string =>
      `config.json: expected every name once in an object, got ${name} twice; put back an intact copy`;
    expect(given('{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}')).toMatch(/^\{/);
    expect(given('{"a":1, "a" : 2}')).toBe(twice('"a"'));
    expect(given('{"b":[{"x":{}},{"a":1,"\\u0061":2}]}')).toBe(twice('"a"'));
    expect(given('{"__proto__":1,"__proto__":2}')).toBe(twice('"__proto__"'));
    expect(given('{"\\u001b[0m":1,"\\u001b[0m":2}')).toBe(twice('"\\u001b[0m"'));
    expect(given('{"a":"a","b":"a:"}')).toMatch(/^\{/);
  });

  test("finds numbers that are infinite", () => {
    const large =
      "config.json: expected numbers below 1.8e308, got a larger one; put back an intact copy";
    expect(given("[1e308, 1e-999, -0]")).toBe("[1e+308,0,0]");
    expect([given('{"a":[1e309]}'), given("-1E+400"), given("9".repeat(400))]).toEqual(
      new Array(3).fill(large),
    );
    expect(given('"1e999"')).toBe('"1e999"');
  });
});

test("parseRecord wants an object", () => {
  expect(parseRecord('{"a":1}', "f")).toEqual({ a: 1 });
  for (const text of ["null", "[1]", "3", '"x"'])
    expect(() => parseRecord(text, "f", "restore it")).toThrow(
      `f: expected a JSON object, got ${text}; restore it`,
    );
});

describe("values in messages", () => {
  test.each([
    ["text", '"text"'],
    ["two\nlines", '"two…"'],
    ["x".repeat(100), `"${"x".repeat(60)}…"`],
    ["\u001b[31m\u0085\u202e\u2028", '"\\u001b[31m\\u0085\\u202e…"'],
    ['a"b', '"a\\"b"'],
    [undefined, "nothing"],
    [NaN, "NaN"],
    [null, "null"],
    [[1, { a: 2 }], '[1,{"a":2}]'],
    [new Array(100).fill(7), `[${"7,".repeat(29)}7…`],
  ])("%j", (value, expected) => {
    expect(brief(value)).toBe(expected);
  });

  test("are never more than a line, and do nothing to a terminal", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue({ depthSize: "xsmall" })),
        (value) =>
          brief(value).length < 64 * 6 &&
          !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(brief(value)),
      ),
    );
  });

  test("are not quoted where they are a word", () => {
    expect([word("F8_E4M3"), word("weightnorm-checkpoint/2"), word("two words"), word("")]).toEqual(
      [...["F8_E4M3", "weightnorm-checkpoint/2", '"two words"', '""']],
    );
  });
});
