/** onnxruntime-web in a browser's page, as if it were here: graphs are made on this side, sessions are on the other. */
import { basename, join } from "node:path";
import type { Browser } from "playwright-core";
import type { Ort, OrtSession, OrtTensor, SessionOptions } from "../../src/runtime/session.ts";
import type { TensorData } from "../../src/runtime/program.ts";
import { root } from "../source.ts";

/** A tensor on its way. */
interface Sent {
  readonly type: string;
  readonly data: TensorData;
  readonly dims: readonly number[];
}
type Values = Readonly<Record<string, Sent>>;
/** What the page has. */
interface There {
  readonly ort: Ort;
  readonly sessions: OrtSession[];
}

const HTML = `<!doctype html><script type="module">
  import * as ort from "/ort.wasm.bundle.min.mjs";
  Object.assign(globalThis, { ort, sessions: [] });
</script>`;

/** Opens a page with WebAssembly's build, as bundlers give it to browsers. */
export async function ortInPage(browser: Browser): Promise<Ort> {
  const page = await browser.newPage();
  await page.route("**/*", (route) => {
    const name = basename(new URL(route.request().url()).pathname);
    return name.startsWith("ort")
      ? route.fulfill({ path: join(root, "node_modules/onnxruntime-web/dist", name) })
      : route.fulfill({ contentType: "text/html", body: HTML });
  });
  await page.goto("http://localhost/");
  await page.waitForFunction("globalThis.ort !== undefined");
  const create = async (model: Uint8Array, options: SessionOptions = {}): Promise<OrtSession> => {
    const at = await page.evaluate(
      async ({ model, options }) => {
        const { ort, sessions } = globalThis as unknown as There;
        return sessions.push(await ort.InferenceSession.create(model, options)) - 1;
      },
      { model, options },
    );
    const run = (values: Values): Promise<Values> =>
      page.evaluate(
        async ({ at, values }) => {
          const { ort, sessions } = globalThis as unknown as There;
          const given = Object.entries(values).map(
            ([name, { type, data, dims }]) =>
              [name, new ort.Tensor(type as never, data, dims)] as const,
          );
          const found = await sessions[at].run(Object.fromEntries(given));
          return Object.fromEntries(
            Object.entries(found).map(([name, x]) => [
              name,
              { type: x.type, data: x.data as TensorData, dims: [...x.dims] },
            ]),
          );
        },
        { at, values },
      );
    return {
      run: (feeds) => run(feeds as Values),
      release: () =>
        page.evaluate((at) => (globalThis as unknown as There).sessions[at].release(), at),
    };
  };
  const sent = (type: string, data: TensorData, dims: readonly number[]): OrtTensor => ({
    ...{ type, data, dims },
  });
  return {
    InferenceSession: { create },
    // Called with `new`, a function gives the object that it returns.
    Tensor: function (...of: Parameters<typeof sent>): OrtTensor {
      return sent(...of);
    } as unknown as Ort["Tensor"],
  };
}
