/** The door for Node: onnxruntime-node, files and MNIST. */
export { loadOnnxRuntime, nodeRuntime, type NodeRuntimeOptions } from "../runtime/node.ts";
export {
  isTemporary,
  loadCheckpoint,
  openLog,
  reasonOf,
  saveCheckpoint,
  writeFileAtomic,
  type Log,
  type LogOptions,
  type LogRecord,
} from "./files.ts";
export { loadMnist, type Mnist, type MnistOptions } from "./mnist.ts";
