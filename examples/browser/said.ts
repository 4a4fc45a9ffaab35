/** What the worker tells the page. */
export type Said =
  | { readonly type: "device"; readonly said: string }
  | { readonly type: "step"; readonly step: number; readonly steps: number; readonly loss: number }
  | { readonly type: "end"; readonly right: number; readonly seconds: number }
  | { readonly type: "error"; readonly message: string };

/** What the page asks of it. */
export interface Order {
  readonly device: "auto" | "webgpu" | "wasm";
  readonly steps: number;
  readonly threads?: number;
}
