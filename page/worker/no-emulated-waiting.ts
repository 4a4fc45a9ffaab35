/** What the page has in place of ONNX Runtime's build for WebGPU that emulates waiting: the reason why it is not there. */
throw new Error(
  "this browser's WebAssembly cannot wait for a graphics card by itself, and the page comes without what would emulate that",
);
