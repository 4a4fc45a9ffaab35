/** Our training step of a network in this process, ready to be timed. */
import { nodeRuntime } from "../src/node/index.ts";
import type { Pass } from "../src/onnx/index.ts";
import { timed, type Step, type Timed } from "./timed.ts";

export interface OursOptions extends Step {
  readonly threads: number;
  /** Whether the blocked layout may be used (default true). */
  readonly blocked?: boolean;
  /** Passes of the compiler to leave out. */
  readonly without?: readonly Pass[];
  /** Where ONNX Runtime's own profile goes, if it is wanted. */
  readonly profile?: string;
}

export const ours = ({ subject, arm, batch, width, ...options }: OursOptions): Promise<Timed> =>
  timed(nodeRuntime(options), { subject, arm, batch, width });
