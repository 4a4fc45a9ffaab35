/** Damage of every kind that files come to, chosen by numbers that are handed in. */

/** A whole number from 0 to n - 1; another one each time. */
export type Choose = (n: number) => number;

/** `file`, damaged once or a few times. */
export function mutate(
  file: Uint8Array,
  others: readonly Uint8Array[],
  choose: Choose,
): Uint8Array {
  let bytes = file;
  let left = choose(3) === 0 ? 1 + choose(4) : 1;
  // Not every damage finds something to do in every file.
  for (let tries = 0; left > 0 && tries < 20; tries++) {
    const next = pick(damages, choose)(bytes, choose, others);
    if (Buffer.compare(next, bytes) === 0) continue;
    bytes = next;
    left--;
  }
  return bytes;
}

type Damage = (bytes: Uint8Array, choose: Choose, others: readonly Uint8Array[]) => Uint8Array;

const pick = <T>(list: readonly T[], choose: Choose): T => list[choose(list.length)];

const BYTES = [0, 1, 0x22, 0x2d, 0x5b, 0x7b, 0x7f, 0x80, 0xff];
/** As uint32 and as float64. */
const WORDS = [0, 1, 7, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const NUMBERS = [
  ...["-1", "0", "-0", "1", "1.5", "1e3", "1e999", "-1e999", "NaN", "Infinity", "0x10", "007"],
  ...["9007199254740991", "9007199254740993", "4294967296", "1e-400", "9".repeat(400), "", " "],
];
const VALUES = [
  ...["null", "true", "[]", "{}", '""', '"x"', "[null]", "[[]]", '{"a":1}', "undefined", "-", '"'],
  ...['"\\u0000"', '"\\ud800"', '"\\u001b[2J"', '"../../../evil"', `"${"x".repeat(2000)}"`],
];
const NAMES = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "__metadata__", "length", ""],
  ...["\\u001b]0;x", "\\u202e", "a".repeat(2000), "../x"],
];
const DEPTHS = [50, 101, 2000, 10_000];

const damages: readonly Damage[] = [
  function flipBit(bytes, choose) {
    if (bytes.length === 0) return bytes;
    const at = choose(bytes.length);
    return bytes.with(at, bytes[at] ^ (1 << choose(8)));
  },
  function setByte(bytes, choose) {
    return bytes.length === 0 ? bytes : bytes.with(choose(bytes.length), pick(BYTES, choose));
  },
  function setWord(bytes, choose) {
    if (bytes.length < 4) return bytes;
    const copy = Uint8Array.from(bytes);
    // Headers are at the front, where most that can be said about a size is said.
    const at = choose(Math.min(bytes.length - 3, choose(2) === 0 ? 24 : bytes.length));
    new DataView(copy.buffer).setUint32(at, pick(WORDS, choose), choose(2) === 0);
    return copy;
  },
  function cutEnd(bytes, choose) {
    return bytes.subarray(0, choose(bytes.length + 1));
  },
  function cutStart(bytes, choose) {
    return bytes.subarray(choose(Math.min(64, bytes.length + 1)));
  },
  function remove(bytes, choose) {
    const [from, to] = range(bytes, choose);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  function repeat(bytes, choose) {
    const [from, to] = range(bytes, choose);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  function splice(bytes, choose, others) {
    const [from, to] = range(bytes, choose);
    const other = pick(others, choose);
    return joined(
      bytes.subarray(0, from),
      other.subarray(...range(other, choose)),
      bytes.subarray(to),
    );
  },
  function swapEnds(bytes, choose, others) {
    const other = pick(others, choose);
    return joined(
      bytes.subarray(0, choose(bytes.length + 1)),
      other.subarray(choose(other.length + 1)),
    );
  },
  function append(bytes, choose) {
    return joined(bytes, new Uint8Array(1 + choose(64)).fill(pick(BYTES, choose)));
  },
  function editNumber(bytes, choose) {
    return edit(bytes, choose, /-?\d+(\.\d+)?/g, () => pick(NUMBERS, choose));
  },
  function editValue(bytes, choose) {
    return edit(bytes, choose, /"[^"]*"|-?\d+(\.\d+)?|true|false|null|\[[^[\]]*\]/g, () =>
      pick(VALUES, choose),
    );
  },
  function editName(bytes, choose) {
    return edit(bytes, choose, /(?<=")[^"]*(?=":)/g, (names) =>
      choose(2) === 0 ? pick(NAMES, choose) : pick(names, choose),
    );
  },
  function nest(bytes, choose) {
    return edit(bytes, choose, /-?\d+(\.\d+)?|"[^"]*"/g, () => {
      const depth = pick(DEPTHS, choose);
      const [open, close] = pick(
        [
          ["[", "]"],
          ['{"a":', "}"],
          ["[", ""],
        ] as const,
        choose,
      );
      return `${open.repeat(depth)}1${close.repeat(depth)}`;
    });
  },
  editTree,
  editTree,
];

const TREES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 53,
    1e300,
    "",
    "x",
    "__proto__",
    "constructor",
    "../../evil",
  ],
  ...[[], {}, [null], [[]], { a: 1 }, "\u001b[2J", "x".repeat(2000), new Array(1000).fill(0)],
];

/** Still JSON, but another tree: what a schema is for. */
function editTree(bytes: Uint8Array, choose: Choose): Uint8Array {
  try {
    const tree: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const places = placesIn(tree);
    const [parent, key] = pick(places, choose);
    const [from, name] = pick(places, choose);
    const changes: readonly (() => unknown)[] = [
      () => (parent[key] = pick(TREES, choose)),
      () => (parent[key] = from[name]),
      () => (parent[key] = [parent[key]]),
      () => (parent[key] = JSON.stringify(parent[key])),
      () => Reflect.deleteProperty(parent, key),
      () =>
        Object.defineProperty(parent, pick(NAMES, choose), { value: from[name], enumerable: true }),
    ];
    pick(changes, choose)();
    return new Uint8Array(Buffer.from(JSON.stringify(tree)));
  } catch {
    return bytes; // no tree, too deep a one, or by now a part of itself
  }
}

type Tree = Record<string, unknown>;
function placesIn(x: unknown): (readonly [Tree, string])[] {
  if (typeof x !== "object" || x === null) return [];
  return Object.keys(x).flatMap((key) => [
    [x as Tree, key] as const,
    ...placesIn((x as Tree)[key]),
  ]);
}

/** From where to where; short ones more often than long ones. */
function range(bytes: Uint8Array, choose: Choose): readonly [number, number] {
  const from = choose(bytes.length + 1);
  const most = Math.min(bytes.length - from, choose(2) === 0 ? 16 : bytes.length);
  return [from, from + choose(most + 1)];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Replaces one of the places that look like `pattern`; bytes are taken for Latin-1, which loses none. */
function edit(
  bytes: Uint8Array,
  choose: Choose,
  pattern: RegExp,
  replacement: (found: readonly string[]) => string,
): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return bytes;
  const { index, 0: match } = pick(found, choose);
  const by = replacement(found.map(([all]) => all));
  return new Uint8Array(
    Buffer.from(text.slice(0, index) + by + text.slice(index + match.length), "latin1"),
  );
}
