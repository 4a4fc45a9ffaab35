/**
 * What runs programs on a device by whichever ONNX Runtime package: state stays there from step to step, outputs come back.
 * Where a device is the package's matter: its doors give the package and the options of a session.
 */
import type { Node } from "../graph/index.ts";
import { deviceTarget, inputName, parameterName, toModel, type Model } from "../onnx/index.ts";
import {
  devicePlace,
  hasBuffer,
  isWorthACopy,
  type DevicePlace,
  type Owner,
} from "./device-place.ts";
import { ortRuntime, toOrt } from "./ort.ts";
import { refusedOps, type Placement } from "./placement.ts";
import type { ProgramSpec, Runtime, State, Tensor, TensorData } from "./program.ts";
import { planOf, programOf, updateKey, type Computed, type Plan } from "./run.ts";
import type { Ort, OrtSession, OrtTensor, SessionOptions } from "./session.ts";

/** A runtime that can say where it computes. */
export interface DeviceRuntime extends Runtime {
  /** Where the ops of the programs compiled so far are computed. */
  placement(): Placement;
}
/** Whether ops that a device lacks may run on the processor; a function is told which. */
export type Fallback = boolean | ((ops: readonly string[]) => void);
export interface DeviceOptions {
  /** Who speaks in messages. */
  readonly where: string;
  /** What to do where there is no device: "install ..." */
  readonly advice: string;
  readonly session: SessionOptions;
  /** For models of doubles, which devices do not have. */
  readonly host: SessionOptions;
  /** Whether ops that the device lacks may run on the processor, or who is told of them; otherwise compiling throws and names them. */
  readonly fallback: Fallback;
}

/** How sessions compute on a graphics card, in Node and in browsers. */
export const onCard: SessionOptions = {
  // In NHWC, its own choice, some convolutions in groups come out wrong.
  executionProviders: [{ name: "webgpu", preferredLayout: "NCHW" }],
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
};

export function deviceRuntime(
  name: string,
  load: () => Promise<Ort>,
  options: DeviceOptions,
): DeviceRuntime {
  let placement: Placement = { nodes: 0, onCpu: [] };
  const { open } = ortRuntime(name, load, { session: options.host });
  return {
    name,
    placement: () => placement,
    ...(open ? { open } : {}),
    async compile(spec) {
      const plan = planOf(spec);
      const ort = await load();
      const place = devicePlace(ort, options.session);
      const model = toModel(plan.roots, deviceTarget);
      const { session, onCpu } = await place.inLine(() => placed(ort, model, plan, options));
      placement = {
        nodes: placement.nodes + model.nodes,
        onCpu: [...placement.onCpu, ...onCpu],
      };
      const owner = place.own(session);
      const used = new Set(model.inputs.map((x) => x.name));
      return programOf(plan, {
        place,
        async compute(feeds, state) {
          const values = await place.inLine(async () =>
            session.run(await inputsOf(plan, { ort, place, feeds, state, used })),
          );
          return computedOn(place, plan, { values, owner });
        },
        release: () => owner.release(),
      });
    },
  };
}

/** A session whose every node is on the device, or one that may fall back and what of it does. */
async function placed(
  ort: Ort,
  { bytes }: Model,
  plan: Plan,
  options: DeviceOptions,
): Promise<{ readonly session: OrtSession; readonly onCpu: readonly string[] }> {
  const preferredOutputLocation = locationsOf(plan);
  const strict = {
    ...options.session,
    logSeverityLevel: 4, // what is refused is told by us
    extra: { session: { disable_cpu_ep_fallback: "1" } },
  } as const;
  const create = (model: Uint8Array, how: SessionOptions): Promise<OrtSession> =>
    ort.InferenceSession.create(model, how).catch((error: unknown) => {
      throw noDeviceOr(error, options);
    });
  try {
    return { session: await create(bytes, { ...strict, preferredOutputLocation }), onCpu: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const alone = await refusedOps(Object.values(plan.roots), deviceTarget, async (model) => {
      const session = await create(model, strict).catch(isRefusal);
      if (typeof session === "boolean") return session;
      await session.release();
      return false;
    });
    const onCpu = alone.length > 0 ? alone : ["some ops"]; // which are not refused by themselves
    if (!options.fallback)
      throw new Error(
        `${options.where}: expected every op on the device, got ${onCpu.join(", ")} that it has no kernel for; allow fallback, or leave them out`,
        { cause: error },
      );
    if (typeof options.fallback === "function") options.fallback(onCpu);
    return { session: await create(bytes, { ...options.session, preferredOutputLocation }), onCpu };
  }
}
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isRefusal = (error: unknown): boolean => /fallback to CPU EP has been/.test(textOf(error));

const noDeviceOr = (error: unknown, { where, advice }: DeviceOptions): unknown =>
  /WebGPU adapter|no available backend|backend not found|WebGPU is not supported/i.test(
    textOf(error),
  )
    ? new Error(`${where}: expected a device for WebGPU, got none; ${advice}`, { cause: error })
    : error;

/** New state stays on the device, unless it is looked at after every step. */
function locationsOf({ spec, roots }: Plan): Readonly<Record<string, "cpu" | "gpu-buffer">> {
  const { updates = [], finite = false } = spec;
  const stays = (next: Node): boolean => !finite && hasBuffer(next);
  const kept = updates
    .filter(({ next }) => stays(next))
    .map((u) => updateKey(u.parameter.attrs.name));
  return Object.fromEntries(
    Object.keys(roots).map((key) => [key, kept.includes(key) ? "gpu-buffer" : "cpu"]),
  );
}

/** What a run is fed. Parameters that it does not change are not sent anew with every run, as those of a frozen network. */
async function inputsOf(
  { spec: { inputs = [], updates = [] }, parameters }: Plan,
  {
    ort,
    place,
    feeds,
    state,
    used,
  }: {
    readonly ort: Ort;
    readonly place: DevicePlace;
    readonly feeds: Readonly<Record<string, Tensor>>;
    readonly state: State;
    readonly used: ReadonlySet<string>;
  },
): Promise<Readonly<Record<string, OrtTensor>>> {
  const given: Record<string, OrtTensor> = {};
  for (const { attrs } of inputs) {
    const key = inputName(attrs.name);
    if (used.has(key)) given[key] = toOrt(ort, feeds[attrs.name]);
  }
  const changed = new Set(updates.map((u) => u.parameter.attrs.name));
  for (const { attrs } of parameters) {
    const key = parameterName(attrs.name);
    const x = state.get(attrs.name)!;
    if (!used.has(key)) continue;
    if (x.place === place) given[key] = place.held(x);
    else if (changed.has(attrs.name) || !isWorthACopy(x)) given[key] = toOrt(ort, x);
    else given[key] = await place.copied(x);
  }
  return given;
}

/** What came back, and what stayed until it is taken or dropped. */
function computedOn(
  place: DevicePlace,
  { roots, spec: { updates = [] } }: Plan,
  {
    values,
    owner,
  }: { readonly values: Readonly<Record<string, OrtTensor>>; readonly owner: Owner },
): Computed {
  const entries = Object.entries(roots);
  const isThere = (key: string): boolean => values[key].location === "gpu-buffer";
  const here = entries
    .filter(([key]) => !isThere(key))
    .map(([key, { dtype, shape }]): [string, Tensor] => [
      key,
      { dtype, shape, data: values[key].data as TensorData },
    ]);
  const known = Object.fromEntries(here);
  const next = ({ parameter: { attrs } }: NonNullable<ProgramSpec["updates"]>[number]): Tensor => {
    const key = updateKey(attrs.name);
    return isThere(key) ? place.put(values[key], roots[key], owner) : known[key];
  };
  return {
    values: known,
    take: () => Object.fromEntries(updates.map((u) => [u.parameter.attrs.name, next(u)])),
    drop() {
      place.drop(entries.filter(([key]) => isThere(key)).map(([key]) => values[key]));
    },
  };
}
