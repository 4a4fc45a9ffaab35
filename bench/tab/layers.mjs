// The network of experiments/mnist as a table, for libraries that have layers of their own.

/** Convolutions of 3x3, by feature maps, and whether a pooling comes before the activation. */
export const convolutions = [
  { ins: 1, outs: 16, pools: true },
  { ins: 16, outs: 32, pools: false },
  { ins: 32, outs: 32, pools: true },
  { ins: 32, outs: 64, pools: false },
];
export const dense = { ins: 49 * 64, outs: 10 };

/** As many numbers in 0..1, and labels in turn: what is timed does not depend on the values. */
export const pixels = (count) =>
  Float32Array.from({ length: count }, (_, i) => (1 + Math.sin(i * i)) / 2);
export const labels = (count) => Int32Array.from({ length: count }, (_, i) => i % 10);
/** First weights: anything of about the right size. */
export const weights = (count, ins) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1 + 3 * i * i) / Math.sqrt(ins));

/** Milliseconds of each of `steps` steps. */
export const timing = (step) => async (steps) => {
  const milliseconds = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    await step();
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
};
