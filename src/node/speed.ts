/** How fast a runtime is, by computing: whether a card is worth it cannot be seen from its name. */
import { input, matmul, sum } from "../graph/index.ts";
import { tensor, type Program, type Runtime } from "../runtime/program.ts";

/** Rows and columns of the matrices. */
const SIZE = 1024;
const TRIES = 3;

const products = (runtime: Runtime, size: number): Promise<Program> => {
  const x = input("x", [size, size]);
  return runtime.compile({ inputs: [x], outputs: { y: sum(matmul(matmul(x, x), x)) } });
};

/** Compiles a program and nothing more: throws where the runtime cannot run here. */
export const tryOut = async (runtime: Runtime): Promise<void> =>
  (await products(runtime, 2)).release();

/** The fastest of a few runs of two products. */
async function millisecondsOf(runtime: Runtime): Promise<number> {
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

/** Whether a device is faster than the CPU, and why in words; one that is not there is not. */
export async function isFaster(
  device: Runtime,
  cpu: Runtime,
): Promise<{ readonly faster: boolean; readonly because: string }> {
  const there = await millisecondsOf(device).catch((error: unknown) => error as Error);
  if (typeof there !== "number") return { faster: false, because: there.message };
  const here = await millisecondsOf(cpu);
  return {
    faster: there < here,
    because: `two products of ${SIZE} x ${SIZE} numbers take ${there.toFixed(1)} ms there and ${here.toFixed(1)} ms on the CPU`,
  };
}
