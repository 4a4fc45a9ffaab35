/**
 * Python's pickles, read by a machine that calls nothing: the opcodes that PyTorch's own unpickler for weights alone takes
 * (torch/_weights_only_unpickler.py), with its few functions known by name and every other one kept as an inert object. Nothing
 * descends, so that depth costs nothing, and what the file may make is counted.
 */
import { brief, word } from "../train/json.ts";
import type { Strided } from "./strided.ts";

/** What a pickle holds. Strings, numbers, bigints, booleans and null are themselves; lists, tuples and sets are arrays. */
export type Pickled =
  | string
  | number
  | bigint
  | boolean
  | null
  | Map<Pickled, Pickled>
  | Pickled[]
  | Global
  | Made
  | Persistent
  | Strided;

/** A class or function by name, which is never looked up. */
export interface Global {
  readonly kind: "global";
  /** "collections.OrderedDict" */
  readonly name: string;
}
/** An object of a class that is not known here: what it was made of, and nothing that it does. */
export interface Made {
  readonly kind: "object";
  readonly class: string;
  readonly args: Pickled;
  /** What its attributes were set to. */
  state: Pickled;
  /** What was put into it as into a dict, and as into a list. */
  readonly items: Map<Pickled, Pickled>;
  readonly list: Pickled[];
}
/** Something that lies beside the pickle: PyTorch's storages. */
export interface Persistent {
  readonly kind: "persistent";
  readonly id: Pickled;
}

/** What a function or class of the table makes of its arguments; undefined where these are not what it takes. */
export type Known = ReadonlyMap<string, (args: readonly Pickled[]) => Pickled | undefined>;

export interface UnpickleOptions {
  /** What messages call the pickle. */
  readonly where: string;
  readonly known: Known;
  /** Whether bytes follow that were not handed in. */
  readonly isCut?: boolean;
}

/** What may be made: some hundred bytes each, so no file comes to more than some hundred megabytes. */
const MOST_OPCODES = 10_000_000;
const MOST_OBJECTS = 1_000_000;

const MARK = Symbol("mark");
type Stacked = Pickled | typeof MARK;
const utf8 = new TextDecoder("utf-8");

/** The first pickle of `bytes` and where it ends. */
export function unpickle(
  bytes: Uint8Array,
  { where, known, isCut = false }: UnpickleOptions,
): { readonly value: Pickled; readonly end: number } {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (what: string, got: string, advice = "copy or save it again"): Error =>
    new Error(`${where}: ${what}, got ${got}; ${advice}`);
  const stack: Stacked[] = [];
  const memo = new Map<number, Pickled>();
  let [at, objects] = [0, 0];

  const take = (length: number): number => {
    if (at + length > bytes.length)
      throw isCut
        ? fail(`expected a pickle of at most ${bytes.length} bytes`, "a longer one", "save weights")
        : fail("its pickle is truncated", `${bytes.length} bytes`);
    at += length;
    return at - length;
  };
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value === MARK)
      throw fail("its pickle is damaged", "too few values");
    return value;
  };
  const top = (): Pickled => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const sinceMark = (): Pickled[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) throw fail("its pickle is damaged", "a list without its start");
    const values = stack.splice(mark + 1) as Pickled[];
    stack.pop();
    return values;
  };
  const made = <T extends Pickled>(value: T): T => {
    if (++objects > MOST_OBJECTS)
      throw fail(`expected at most ${MOST_OBJECTS} objects in its pickle`, "more", "save weights");
    return value;
  };
  const line = (): string => {
    const start = at;
    const end = bytes.indexOf(10, start);
    take((end < 0 ? bytes.length : end) - start + 1);
    return utf8.decode(bytes.subarray(start, end));
  };
  const text = (length: number): string => {
    const start = take(length);
    return utf8.decode(bytes.subarray(start, start + length));
  };
  const build = (callee: Pickled, args: Pickled): Pickled => {
    // The older form keeps the classes of modules beside the pickle, with their source.
    const id = isPersistent(callee) && Array.isArray(callee.id) ? callee.id : [];
    const of = id[0] === "module" ? id[1] : callee;
    if (!isGlobal(of)) throw fail("its pickle is damaged", "a call of what is no function");
    const call = known.get(of.name);
    if (!call) return made({ kind: "object", class: of.name, args, state: null, ...contents() });
    const result = Array.isArray(args) ? call(args) : undefined;
    if (result === undefined)
      throw fail(`expected arguments that ${word(of.name)} takes`, "others");
    return typeof result === "object" ? made(result) : result;
  };
  const set = (target: Pickled, pairs: readonly Pickled[]): void => {
    const items = target instanceof Map ? target : isMade(target) ? target.items : undefined;
    if (!items || pairs.length % 2 !== 0) throw fail("its pickle is damaged", "items of no dict");
    for (let i = 0; i < pairs.length; i += 2) items.set(pairs[i], pairs[i + 1]);
  };
  const append = (target: Pickled, values: readonly Pickled[]): void => {
    const list = Array.isArray(target) ? target : isMade(target) ? target.list : undefined;
    if (!list) throw fail("its pickle is damaged", "elements of no list");
    for (const value of values) list.push(value);
  };
  const get = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) throw fail("its pickle is damaged", `no value ${index}`);
    stack.push(value);
  };
  const put = (index: number): void => void memo.set(index, top());
  const tuple = (length: number): void => {
    const values = Array.from({ length }, pop).reverse();
    stack.push(made(values));
  };

  /** By opcode. */
  const steps: Readonly<Record<number, () => void>> = {
    0x80: () => take(1), // PROTO: what there is of later protocols is refused where it comes
    0x28: () => stack.push(MARK),
    0x4e: () => stack.push(null),
    0x88: () => stack.push(true),
    0x89: () => stack.push(false),
    0x7d: () => stack.push(made(new Map())),
    0x5d: () => stack.push(made([])),
    0x29: () => stack.push(made([])),
    0x8f: () => stack.push(made([])), // a set, whose elements come by REDUCE alone
    0x85: () => tuple(1),
    0x86: () => tuple(2),
    0x87: () => tuple(3),
    0x74: () => stack.push(made(sinceMark())),
    0x71: () => put(bytes[take(1)]),
    0x72: () => put(data.getUint32(take(4), true)),
    0x68: () => get(bytes[take(1)]),
    0x6a: () => get(data.getUint32(take(4), true)),
    0x58: () => stack.push(text(data.getUint32(take(4), true))),
    0x55: () => stack.push(text(bytes[take(1)])),
    0x4a: () => stack.push(data.getInt32(take(4), true)),
    0x4b: () => stack.push(bytes[take(1)]),
    0x4d: () => stack.push(data.getUint16(take(2), true)),
    0x47: () => stack.push(data.getFloat64(take(8))),
    0x8a: () => {
      const length = bytes[take(1)];
      const start = take(length);
      stack.push(whole(bytes.subarray(start, start + length)));
    },
    0x63: () => stack.push(made({ kind: "global", name: `${line()}.${line()}` })),
    0x52: () => {
      const args = pop();
      stack.push(build(pop(), args));
    },
    0x81: () => {
      const args = pop();
      stack.push(build(pop(), args));
    },
    0x62: () => {
      const state = pop();
      const target = top();
      if (isMade(target)) target.state = state; // of an OrderedDict it is its attributes: versions
    },
    0x51: () => stack.push(made({ kind: "persistent", id: pop() })),
    0x73: () => {
      const value = pop();
      const key = pop();
      set(top(), [key, value]);
    },
    0x75: () => {
      const pairs = sinceMark();
      set(top(), pairs);
    },
    0x61: () => {
      const value = pop();
      append(top(), [value]);
    },
    0x65: () => {
      const values = sinceMark();
      append(top(), values);
    },
  };
  for (let n = 0; ; n++) {
    if (n > MOST_OPCODES)
      throw fail(`expected at most ${MOST_OPCODES} steps in its pickle`, "more", "save weights");
    const code = bytes[take(1)];
    if (code === 0x2e) return { value: pop(), end: at };
    const step = Object.hasOwn(steps, code) ? steps[code] : undefined;
    if (!step)
      throw fail(
        "expected a pickle of protocol 2, as torch.save writes",
        `opcode ${brief(code)} at ${at - 1}`,
        "save its weights with torch.save",
      );
    step();
  }
}

const contents = (): Pick<Made, "items" | "list"> => ({ items: new Map(), list: [] });
export const isMade = (x: unknown): x is Made => kindOf(x) === "object";
export const isGlobal = (x: unknown): x is Global => kindOf(x) === "global";
export const isPersistent = (x: unknown): x is Persistent => kindOf(x) === "persistent";
const kindOf = (x: unknown): unknown =>
  typeof x === "object" && x !== null && !Array.isArray(x) && !(x instanceof Map)
    ? (x as { readonly kind?: unknown }).kind
    : undefined;

/** A whole number of so many bytes, negative where its last bit is set: a number where that is exact. */
function whole(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = value * 256n + BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}
