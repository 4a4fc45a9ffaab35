/** How fast a runtime is, by computing: whether a card is worth it cannot be seen from its name. */
import { input, matmul, sum } from "../graph/index.ts";
import { tensor, type Program, type Runtime } from "./program.ts";

/** Rows and columns of the matrices. */
export const SIZE = 1024;
const TRIES = 3;

const products = (runtime: Runtime, size: number): Promise<Program> => {
  const x = input("x", [size, size]);
  return runtime.compile({ inputs: [x], outputs: { y: sum(matmul(matmul(x, x), x)) } });
};

/** Compiles a program and nothing more: throws where the runtime cannot run here. */
export const tryOut = async (runtime: Runtime): Promise<void> =>
  (await products(runtime, 2)).release();

/** The fastest of a few runs of two products of {@link SIZE} by {@link SIZE} numbers. */
export async function millisecondsOf(runtime: Runtime): Promise<number> {
  const program = await products(runtime, SIZE);
  const x = tensor(new Float32Array(SIZE * SIZE).fill(1 / SIZE), [SIZE, SIZE]);
  let best = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const start = performance.now();
    await program.run({ x }, new Map());
    best = Math.min(best, performance.now() - start);
  }
  await program.release();
  return best;
}
