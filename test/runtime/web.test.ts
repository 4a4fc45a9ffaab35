/** The settings of WebAssembly: checked, in force before the first session, and the same for all that follow. */
import { expect, test } from "vitest";
import { add, input } from "../../src/graph/index.ts";
import { item, tensor } from "../../src/runtime/program.ts";
import { webRuntime, type WebRuntimeOptions } from "../../src/runtime/web.ts";

const x = input("x", []);
async function twice(options: WebRuntimeOptions): Promise<number> {
  const program = await webRuntime(options).compile({ inputs: [x], outputs: { y: add(x, x) } });
  const { y } = await program.run({ x: tensor(3) }, new Map());
  await program.release();
  return item(y);
}

test("are checked", () => {
  expect(() => webRuntime({ threads: 0.5 })).toThrow(
    "webRuntime: threads must be a whole number from 1 to 1024, got 0.5; give 1, or leave it out",
  );
  expect(() => webRuntime({ path: "/" } as object)).toThrow(
    'webRuntime: there is no such option, got "path"; do you mean paths?',
  );
});

test("hold from the first program on, which others may not change", async () => {
  const { env } = await import("onnxruntime-web");
  await expect(twice({ threads: 1 })).resolves.toBe(6);
  expect(env.wasm.numThreads).toBe(1);
  await expect(twice({ threads: 1 })).resolves.toBe(6);
  await expect(twice({})).resolves.toBe(6);
  await expect(twice({ threads: 2 })).rejects.toThrow(
    "webRuntime: threads can be chosen once a page, got 2 after 1; give the first runtime that compiles the same",
  );
  await expect(twice({ paths: { wasm: "/a.wasm" } })).rejects.toThrow(
    'webRuntime: paths can be chosen once a page, got {"wasm":"/a.wasm"} after none; give',
  );
  expect(env.wasm.wasmPaths).toBeUndefined();
});
