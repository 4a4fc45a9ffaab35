/** Programs that are compiled when they are first run, and again after a release: who does not run holds no memory. */
import {
  parametersOf,
  type Node,
  type Program,
  type ProgramSpec,
  type Runtime,
} from "../src/index.ts";

export interface OnDemand extends Program {
  /** What it will compute. */
  readonly outputs: Readonly<Record<string, Node>>;
  compile(): Promise<void>;
}
export function onDemand(runtime: Runtime, spec: ProgramSpec): OnDemand {
  let compiled: Promise<Program> | undefined;
  const program = (): Promise<Program> =>
    (compiled ??= runtime.compile(spec).catch((error: unknown) => {
      compiled = undefined; // to be tried anew
      throw error;
    }));
  const { outputs = {}, updates = [] } = spec;
  return {
    outputs,
    parameters: parametersOf([
      ...Object.values(outputs),
      ...updates.flatMap(({ parameter, next }) => [next, parameter]),
    ]),
    async compile() {
      await program();
    },
    run: async (feeds, state) => (await program()).run(feeds, state),
    async release() {
      const held = await compiled;
      compiled = undefined;
      await held?.release();
    },
  };
}

/** Programs by name, each made when it is first asked for, and kept. */
export interface KeptPrograms {
  of(name: string, spec: () => ProgramSpec): OnDemand;
  release(): Promise<void>;
}
export function keptPrograms(runtime: Runtime): KeptPrograms {
  const made = new Map<string, OnDemand>();
  return {
    of(name, spec) {
      const program = made.get(name) ?? onDemand(runtime, spec());
      made.set(name, program);
      return program;
    },
    async release() {
      await Promise.all([...made.values()].map((program) => program.release()));
    },
  };
}
