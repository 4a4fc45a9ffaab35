/** Our step in the page. */
import { webRuntime } from "../../src/web.ts";
import { subjects } from "../subjects.ts";
import { timed } from "../timed.ts";
import type { Racer } from "../tab.ts";

const batch = 100;
export const racer: Racer = {
  ...{ title: "our tab, WebAssembly", batch },
  async start() {
    const step = { subject: subjects.mnist, arm: "weight", batch, width: 1 } as const;
    return (await timed(webRuntime({ threads: 1 }), step)).run;
  },
};
