/** Writing a network out as a graph, in one of its three modes. */
import {
  described,
  isNode,
  optionsOf,
  parameter,
  refuseReserved,
  type Node,
  type Parameter,
  type Update,
} from "../graph/index.ts";
import { needNorm } from "./checks.ts";
import type { Mode, Norm, PartOfBatch, Scope } from "./scope.ts";

/** Options of {@link trace}. */
export interface TraceOptions {
  readonly mode: Mode;
  readonly norm: Norm;
  /** A uint32 [2] input, a fresh key every step; needed by dropout and noise. */
  readonly key?: Node;
  /** Where the batch is a part of a larger one: running averages are then of the larger one. */
  readonly part?: PartOfBatch;
}

/** A network written out as a graph. */
export interface Trace<T> {
  readonly value: T;
  /** What optimizers change, in order of creation. */
  readonly parameters: readonly Parameter[];
  /** Initialization in mode `init`, running averages in mode `train`. */
  readonly updates: readonly Update[];
  /** By layer: what goes into its activation function. */
  readonly preactivations: Readonly<Record<string, Node>>;
  /** By layer, in mode `init`: how many units had no variance on the batch and kept their scale. */
  readonly dead: Readonly<Record<string, Node>>;
}

/** What the calls of a shared layer have in common. */
interface Memory {
  readonly parameters: Map<string, Parameter>;
  readonly updated: Set<Parameter>;
  readonly made: Map<string, unknown>;
}

const known = optionsOf<TraceOptions>("trace", {
  mode: "required",
  norm: "required",
  key: "optional",
  part: "optional",
});
function checked(f: unknown, options: TraceOptions): TraceOptions {
  const { mode, norm, key } = known(options);
  if (typeof f !== "function")
    throw new Error(
      `trace: the network must be a function of a scope, got ${described(f)}; write (scope) => layer(scope, x)`,
    );
  if (!["init", "train", "eval"].includes(mode))
    throw new Error(
      `trace: mode must be init, train or eval, got ${described(mode)}; use one of these`,
    );
  if (key !== undefined && !isNode(key))
    throw new Error(
      `trace: key must be a node, got ${described(key)}; write input("key", [2], "uint32")`,
    );
  needNorm("trace", norm);
  return options;
}

/** Writes out the network `f` once, in one mode. */
export function trace<T>(f: (scope: Scope) => T, options: TraceOptions): Trace<T> {
  const { mode, norm, key, part } = checked(f, options);
  const parameters = new Map<string, Parameter>();
  const updates: Update[] = [];
  const reports = { preactivations: {} as Record<string, Node>, dead: {} as Record<string, Node> };
  let streams = 0;
  /** By key: the scope of what is shared, as it was before the first call counted layers in it. */
  const shares = new Map<object, () => Scope>();

  const scopeAt = (path: string, counts: Map<string, number>, memory?: Memory): Scope => {
    const under = (name: string): string => (path === "" ? name : `${path}.${name}`);
    return {
      mode,
      norm,
      ...(part ? { part } : {}),
      path,
      child(kind, name) {
        if (path === "" && name !== undefined) refuseReserved(name, "layer");
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        return scopeAt(under(name ?? `${kind}${count}`), new Map(), memory);
      },
      parameter(name, shape, options) {
        if (path === "") refuseReserved(name, "parameter");
        const full = under(name);
        const found = memory?.parameters.get(full);
        if (found) {
          if (`${found.shape}` !== `${shape}`)
            throw new Error(
              `scope: the shared parameter "${full}" is [${found.shape}], got a call that needs [${shape}]; give every call an x of one width`,
            );
          return found;
        }
        if (parameters.has(full))
          throw new Error(
            `scope: parameter "${full}" is made twice; give one of the layers another \`name\`, or call one \`shared(layer)\` twice to share its weights`,
          );
        const made = parameter(full, shape, options);
        parameters.set(full, made);
        memory?.parameters.set(full, made);
        return made;
      },
      update(p, next) {
        if (memory?.updated.has(p)) return;
        memory?.updated.add(p);
        updates.push({ parameter: p, next });
      },
      random() {
        if (!key)
          throw new Error(
            `scope: ${path || "the network"} needs randomness and the trace has no key; pass \`key: input("key", [2], "uint32")\``,
          );
        return { key, stream: streams++ };
      },
      report(what, node) {
        let name = path;
        for (let i = 2; name in reports[what]; i++) name = `${path}#${i}`; // a recurrent cell reports every step
        reports[what][name] = node;
      },
      share(key) {
        const known = shares.get(key);
        if (known) return known();
        const before = new Map(counts);
        const own: Memory = { parameters: new Map(), updated: new Set(), made: new Map() };
        shares.set(key, () => scopeAt(path, new Map(before), own));
        return scopeAt(path, counts, own);
      },
      once<U>(name: string, make: () => U): U {
        if (!memory) return make();
        const full = under(name);
        if (!memory.made.has(full)) memory.made.set(full, make());
        return memory.made.get(full) as U;
      },
    };
  };
  const value = f(scopeAt("", new Map()));
  return {
    value,
    parameters: [...parameters.values()].filter((p) => p.attrs.trainable),
    updates,
    ...reports,
  };
}
