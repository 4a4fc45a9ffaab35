/**
 * The functions of an MPI library, called in place by koffi. Below this file nothing looks at what it is given: a wrong type or a
 * length too large would write over memory, so all is checked here.
 */
import type Koffi from "koffi";
import type { Numbers } from "../../runs/ranks.ts";
import { LIBRARIES, type Family, type Launcher } from "./launcher.ts";

/** What of MPI is used, of all processes together ("the world"). Every call throws where MPI says that it failed. */
export interface Mpi {
  /** As it calls itself, e.g. "Open MPI 4.1.4". */
  readonly name: string;
  readonly file: string;
  readonly init: () => void;
  readonly rank: () => number;
  readonly size: () => number;
  /** In place, over all ranks. */
  readonly reduce: (values: Numbers, by: "sum" | "min") => void;
  /** What rank 0 has in it, in all. */
  readonly broadcast: (bytes: Uint8Array) => void;
  readonly barrier: () => void;
  readonly finalize: () => void;
  /** Ends all ranks. */
  readonly abort: (code: number) => void;
}

type Library = ReturnType<typeof Koffi.load>;
type Handle = bigint | number;
/** What differs between the families: C's type of a handle, "the result replaces what was sent", and the handles. */
interface Dialect {
  readonly handle: "void *" | "int";
  readonly inPlace: bigint;
  readonly of: (lib: Library, name: Name) => Handle;
}
type Name = keyof typeof ofMpich;
const ofMpich = {
  comm_world: 0x44000000,
  float: 0x4c00040a,
  double: 0x4c00080b,
  int32_t: 0x4c000439,
  byte: 0x4c00010d,
  op_sum: 0x58000003,
  op_min: 0x58000002,
  errors_return: 0x54000001,
} as const;
const dialects: Readonly<Record<Family, Dialect>> = {
  "Open MPI": {
    handle: "void *",
    inPlace: 1n,
    of: (lib, name) => lib.symbol(`ompi_mpi_${name}`) as bigint,
  },
  MPICH: { handle: "int", inPlace: -1n, of: (_lib, name) => ofMpich[name] },
};

/** The most elements that one call takes: counts are ints, and what a library multiplies them by should fit in one too. */
const PIECE = 2 ** 28;
const SUCCESS = 0;

/** Loads the library that a launcher asks for, or the one that is named. */
export async function loadMpi(launcher: Launcher, named?: string): Promise<Mpi> {
  const koffi = await koffiFor(launcher);
  const file = named ?? LIBRARIES[launcher.family];
  let lib: Library;
  try {
    lib = koffi.load(file, { global: true }); // its parts are plugins, which look for its names
  } catch (error) {
    throw new Error(
      `ranks: expected ${file}, since ${launcher.name} started this process, got ${messageOf(error)}; ${advice(launcher.family)}`,
      { cause: error },
    );
  }
  return bind(lib, file);
}
const advice = (family: Family): string =>
  `install ${family} (Debian: apt-get install ${family === "MPICH" ? "mpich" : "openmpi-bin"}), load its module, or name its library in WEIGHTNORM_MPI_LIB`;

async function koffiFor(launcher: Launcher): Promise<typeof Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (error) {
    throw new Error(
      `ranks: expected the package koffi, since ${launcher.name} started this process, got ${messageOf(error)}; run npm install koffi`,
      { cause: error },
    );
  }
}

function bind(lib: Library, file: string): Mpi {
  const { family, name } = versionOf(lib, file);
  const { handle: h, inPlace, of } = dialects[family];
  const call = (name: string, parameters: string): ((...args: readonly unknown[]) => void) => {
    const call = lib.func(`int ${name}(${parameters})`);
    return (...args) => {
      const code = call(...args) as number;
      if (code !== SUCCESS)
        throw new Error(
          `ranks: expected ${name} to succeed, got ${textOf(code)}; see what other ranks say, and whether all make the same calls`,
        );
    };
  };
  const told = (read: (...args: readonly unknown[]) => void): number => {
    const value = new Int32Array(1);
    read(world, value);
    return value[0];
  };
  const errorString = lib.func(
    "int MPI_Error_string(int code, _Out_ uint8_t *text, _Out_ int *length)",
  );
  const textOf = (code: number): string => {
    const [text, length] = [new Uint8Array(TEXT), new Int32Array(1)];
    errorString(code, text, length);
    return Buffer.from(text.buffer, 0, length[0]).toString() || `code ${code}`;
  };
  const initThread = call(
    "MPI_Init_thread",
    "void *argc, void *argv, int required, _Out_ int *provided",
  );
  const setHandler = call("MPI_Comm_set_errhandler", `${h} comm, ${h} handler`);
  const rank = call("MPI_Comm_rank", `${h} comm, _Out_ int *rank`);
  const size = call("MPI_Comm_size", `${h} comm, _Out_ int *size`);
  const allreduce = call(
    "MPI_Allreduce",
    `intptr_t sent, void *values, int count, ${h} type, ${h} op, ${h} comm`,
  );
  const bcast = call("MPI_Bcast", `void *bytes, int count, ${h} type, int root, ${h} comm`);
  const barrier = call("MPI_Barrier", `${h} comm`);
  const finalize = call("MPI_Finalize", "");
  const abort = call("MPI_Abort", `${h} comm, int code`);
  const world = of(lib, "comm_world");
  return {
    ...{ name, file },
    init() {
      initThread(null, null, 1, new Int32Array(1)); // 1: other threads there are, which do not call MPI
      setHandler(world, of(lib, "errors_return"));
    },
    rank: () => told(rank),
    size: () => told(size),
    reduce(values, by) {
      const type = of(lib, TYPES[typeOf(values)]);
      const op = of(lib, by === "sum" ? "op_sum" : "op_min");
      for (const piece of piecesOf(values))
        allreduce(inPlace, piece, piece.length, type, op, world);
    },
    broadcast(bytes) {
      if (!(bytes instanceof Uint8Array)) throw wrong("a Uint8Array", bytes);
      for (const piece of piecesOf(bytes)) bcast(piece, piece.length, of(lib, "byte"), 0, world);
    },
    barrier: () => barrier(world),
    finalize: () => finalize(),
    abort: (code) => abort(world, code),
  };
}

/** Views that are short enough for one call each; one of no elements where there are none, for others make a call as well. */
export function* piecesOf<T extends Numbers | Uint8Array>(
  values: T,
  most: number = PIECE,
): Generator<T> {
  let at = 0;
  do {
    yield values.subarray(at, at + most) as T;
    at += most;
  } while (at < values.length);
}

const TYPES = { float32: "float", float64: "double", int32: "int32_t" } as const;
/** The type of what an array holds. */
export function typeOf(values: unknown): keyof typeof TYPES {
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Int32Array) return "int32";
  throw wrong("a Float32Array, Float64Array or Int32Array", values);
}
const wrong = (expected: string, got: unknown): Error =>
  new Error(`ranks: expected ${expected}, got ${kindOf(got)}; hand over such an array`);
const kindOf = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? Object.prototype.toString.call(value).slice(8, -1)
    : typeof value;

const TEXT = 8192;
/** What a library is, by its own words: a name says nothing, for MPICH's relatives are called libmpi.so too. */
function versionOf(lib: Library, file: string): { readonly family: Family; readonly name: string } {
  let said: string;
  try {
    const [text, length] = [new Uint8Array(TEXT), new Int32Array(1)];
    lib.func("int MPI_Get_library_version(_Out_ uint8_t *version, _Out_ int *length)")(
      ...[text, length],
    );
    said = Buffer.from(text.buffer, 0, length[0]).toString();
  } catch (error) {
    said = messageOf(error);
  }
  const open = /^Open MPI v([\w.]+)/.exec(said);
  if (open) return { family: "Open MPI", name: `Open MPI ${open[1]}` };
  const mpich = /^(MPICH|Intel\(R\) MPI|MVAPICH\S*)[^\d]*([\w.]+)/.exec(said);
  if (mpich) return { family: "MPICH", name: `${mpich[1]} ${mpich[2]}` };
  throw new Error(
    `ranks: expected ${file} to be Open MPI or MPICH, got ${JSON.stringify(said.slice(0, 60))}; name one of these in WEIGHTNORM_MPI_LIB`,
  );
}
const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message.split("\n")[0] : String(error);
