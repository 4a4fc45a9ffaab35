/** A trained network, ready to be asked: its parameters, and what its inputs look like. */
import type { Arm, Norm, Runtime, State } from "../../src/index.ts";
import type { Measure } from "../sheet.ts";
import type { InputSpecs } from "./columns.ts";
import type { Definition } from "./definition.ts";

/** A trained network: all that `predict` needs, as plain data. */
export interface Model {
  readonly definition: Definition & { readonly measures: readonly Measure[] };
  readonly norm: Arm | Norm;
  readonly inputs: InputSpecs;
  /** Names of classes, in the order of their numbers. */
  readonly classes?: readonly string[];
  readonly state: State;
  readonly runtime: Runtime;
}
