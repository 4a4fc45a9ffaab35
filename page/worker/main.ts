/** The worker: the lab in a browser. Its page names it (connect.ts). */
import type { Machine } from "../../runs/records.ts";
import type { Runtime } from "../../src/index.ts";
import { browserRuntime } from "../../src/web.ts";
import type { Named } from "./connect.ts";
import { decoded } from "./decode.ts";
import { pageDoor } from "./door.ts";
import { oneRuntime } from "./one-runtime.ts";
import { storageHere } from "./opfs.ts";
import { answering, telling } from "./rpc.ts";
import { lab } from "./session.ts";

/** One stays free for the page. */
const MOST_THREADS = 4;
const threads = self.crossOriginIsolated
  ? Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency - 1))
  : 1;

interface Brands {
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  readonly platform: string;
}
const hints = (navigator as { readonly userAgentData?: Brands }).userAgentData;

function machine({ name }: Runtime): Machine {
  const brand = hints?.brands.find((b) => !/not.*brand/i.test(b.brand));
  const memory = (navigator as { readonly deviceMemory?: number }).deviceMemory;
  return {
    cores: navigator.hardwareConcurrency,
    ...(memory === undefined ? {} : { memoryGiB: memory }),
    platform: hints?.platform ?? "unknown",
    browser: brand ? `${brand.brand} ${brand.version}` : navigator.userAgent.slice(0, 200),
    runtime: name,
  };
}

let storage: ReturnType<typeof storageHere> | undefined;
const { data: base, life } = JSON.parse(self.name) as Named;
const { locks } = navigator as { readonly locks?: LockManager };
void locks?.request(life, () => new Promise(() => undefined));
answering(
  self,
  lab({
    ...{ threads, runtime: oneRuntime(browserRuntime), machine, decode: decoded },
    storage: () => (storage ??= storageHere()),
    door: (options) => pageDoor({ base, ...options }),
    tell: telling(self),
  }),
);
