/**
 * `weightnorm`: what the package is in Node and in a browser alike. The library (src/index.ts) says, differentiates, translates
 * and runs training steps; `fit` and `predict` train and ask a network in a call each.
 */
export * from "./src/index.ts";
export * from "./runs/fit/index.ts";
