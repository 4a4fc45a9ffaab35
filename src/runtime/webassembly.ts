/** WebAssembly as every host has it; the library of types for servers does not say so. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB; `buffer` is another one afterwards. */
  grow(pages: number): number;
}
export type WasmFunctions = Readonly<Record<string, (...args: readonly number[]) => unknown>>;
interface Host {
  readonly Memory: new (options: { readonly initial: number }) => WasmMemory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: WasmFunctions };
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<object>;
}
const host = (globalThis as unknown as { readonly WebAssembly: Host }).WebAssembly;
export const Memory: Host["Memory"] = host.Memory;
export const Instance: Host["Instance"] = host.Instance;
export const compile = (bytes: Uint8Array<ArrayBuffer>): Promise<object> => host.compile(bytes);
