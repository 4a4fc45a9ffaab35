/** The build that package.json names for where this runs; all of them have the same types. */
declare module "#onnxruntime-web" {
  export * from "onnxruntime-web";
}
