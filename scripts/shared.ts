/** Folders whose tests leave nothing behind in their process, so that one takes many files: starting one for each took longer than most of them. */
export const tidy: readonly string[] = [
  ...["autodiff", "bench", "checkpoints", "data", "experiments", "export", "graph", "import"],
  ...["nn", "onnx", "optim", "page", "report", "runs", "scripts", "serve", "train"],
];

/** Their files, but for what mocks a module. */
export const shared: string = `test/{${tidy.join(",")}}/**/!(whitened).test.ts`;
