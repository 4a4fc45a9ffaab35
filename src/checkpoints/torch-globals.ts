/** The few functions of Python that a checkpoint of PyTorch's rests on, as functions of what a pickle holds. */
import { dtypeBy } from "./dtypes.ts";
import { isGlobal, isPersistent, type Known, type Pickled } from "./pickle.ts";
import type { Strided } from "./strided.ts";
import { bitsOf } from "./dtypes.ts";

const storages = dtypeBy("storage");
const dtypes = dtypeBy("torch");

/** The dtype of a storage by its class; null for bytes that a tensor gives a type. */
function storageType(of: Pickled): string | null | undefined {
  const name = isGlobal(of) ? /^torch\.(?:cuda\.|storage\.)?(\w+)$/.exec(of.name)?.[1] : undefined;
  return name === "UntypedStorage" ? null : storages.get(name ?? "");
}

const isCounts = (x: Pickled | undefined): x is number[] =>
  Array.isArray(x) && x.every((d) => typeof d === "number");

/** `_rebuild_tensor(storage, offset, size, stride)` and what came after it. */
function tensor(
  [storage, offset, shape, strides]: readonly Pickled[],
  type?: string,
): Strided | undefined {
  const id = isPersistent(storage) && Array.isArray(storage.id) ? storage.id : [];
  const [kind, of, key, , count, part] = id;
  const stored = storageType(of);
  const dtype = type ?? stored;
  if (kind !== "storage" || typeof key !== "string" || typeof count !== "number") return undefined;
  if (typeof dtype !== "string" || stored === undefined) return undefined;
  if (typeof offset !== "number" || !isCounts(shape) || !isCounts(strides)) return undefined;
  // Of the older form: a storage that is a part of another.
  const [, start, length] = Array.isArray(part) ? part : [null, 0, count];
  if (typeof start !== "number" || typeof length !== "number") return undefined;
  const size = stored === null ? Math.floor((8 * count) / bitsOf(dtype)!) : count;
  return { kind: "tensor", dtype, key, size, offset: start + offset, shape, strides };
}

const isTrue = (metadata: Pickled | undefined, key: string): boolean =>
  metadata instanceof Map && metadata.get(key) === true;
/** A view whose numbers are to be negated or conjugated is not what lies in its storage. */
const plain = (
  args: readonly Pickled[],
  metadata: Pickled | undefined,
  type?: string,
): Pickled | undefined =>
  isTrue(metadata, "conj") || isTrue(metadata, "neg")
    ? {
        kind: "object",
        class: "a conjugated view",
        args: null,
        state: null,
        items: new Map(),
        list: [],
      }
    : tensor(args, type);

function orderedDict([pairs = []]: readonly Pickled[]): Pickled | undefined {
  if (!Array.isArray(pairs)) return undefined;
  const isPair = (x: Pickled): x is [Pickled, Pickled] => Array.isArray(x) && x.length === 2;
  return pairs.every(isPair) ? new Map(pairs) : undefined;
}

/** All that is known; every other name is kept as it is. */
export const torchGlobals: Known = new Map<
  string,
  (args: readonly Pickled[]) => Pickled | undefined
>([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", (args) => tensor(args)],
  ["torch._utils._rebuild_tensor_v2", (args) => plain(args, args[6])],
  [
    "torch._utils._rebuild_tensor_v3",
    (args) => {
      const of = args[6];
      const type = isGlobal(of) ? dtypes.get(of.name.replace(/^torch\./, "")) : undefined;
      return type === undefined ? undefined : plain(args, args[7], type);
    },
  ],
  ["torch._utils._rebuild_parameter", ([data]) => data],
  ["torch._utils._rebuild_parameter_with_state", ([data]) => data],
]);
