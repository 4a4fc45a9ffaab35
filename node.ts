/** `weightnorm/node`: ONNX Runtime's native kernels, files, and a folder where a training is kept. */
export * from "./src/node/index.ts";
export { loadModel, saveModel } from "./runs/folder/model.ts";
export { runFolder } from "./runs/folder/place.ts";
