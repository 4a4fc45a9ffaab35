/** The door for Node: onnxruntime-node, files, logs, downloads, MNIST and CIFAR-10 from disk. */
export { loadOnnxRuntime, nodeRuntime, type NodeRuntimeOptions } from "../runtime/node.ts";
export { webgpuRuntime, type WebgpuRuntimeOptions } from "../runtime/webgpu.ts";
export type { DeviceRuntime, Fallback } from "../runtime/device.ts";
export { DeviceLost } from "../runtime/device-lost.ts";
export { placementInWords, type Placement } from "../runtime/placement.ts";
export { nodeDoor } from "./door.ts";
export { fileError, reasonOf, type Doing } from "./file-error.ts";
export {
  isTemporary,
  listFolder,
  loadCheckpoint,
  makeFolder,
  makeOwnFolder,
  readBytes,
  readText,
  removeFile,
  saveCheckpoint,
  writeAtomically,
  writeFileAtomic,
} from "./files.ts";
export {
  openLog,
  parseLog,
  readLog,
  type Log,
  type LogOptions,
  type LogRecord,
  type Records,
} from "./log.ts";
export { saveModelParts } from "./model-parts.ts";
export { withSource } from "./source.ts";
export { loadMnist, type MnistOptions } from "./mnist.ts";
export { loadCifar10, type Cifar10Options } from "./cifar10.ts";
export type { Cifar10, Mnist } from "../data/index.ts";
export { cacheFolder, download, type DownloadOptions, type DownloadProgress } from "./download.ts";
export { takeLock, type Lock, type LockOptions } from "./lock.ts";
export type { Ort } from "../runtime/session.ts";
