/** What people call: the primitive ops as functions, and what is built from them. */
export { constant, type Arg } from "./ops/arguments.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/activations.ts";
export * from "./ops/reduce.ts";
export * from "./ops/products.ts";
export * from "./ops/shape.ts";
export * from "./ops/upsample.ts";
export * from "./ops/random.ts";
