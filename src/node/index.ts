/** The door for Node: onnxruntime-node, files, downloads, MNIST, CIFAR-10 and its whitening. */
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
export { loadCifar10, type Cifar10, type Cifar10Options } from "./cifar10.ts";
export { cacheFolder, download, type DownloadOptions, type DownloadProgress } from "./download.ts";
export {
  applyWhitening,
  fitWhitening,
  type Whitening,
  type WhiteningOptions,
} from "./whitening.ts";
export { takeLock, type Lock, type LockOptions } from "./lock.ts";
