/** The page: it asks a worker to train, and shows what that tells. `?device=wasm|webgpu|auto&steps=200&threads=2` */
import type { Order, Said } from "./said.ts";

const asked = new URLSearchParams(location.search);
const threads = asked.get("threads");
const order: Order = {
  device: (asked.get("device") ?? "auto") as Order["device"],
  steps: Number(asked.get("steps") ?? 200),
  ...(threads === null ? {} : { threads: Number(threads) }),
};

const write = (id: string, text: string): void => {
  document.getElementById(id)!.textContent = text;
};
const losses: number[] = [];
function draw(steps: number): void {
  const most = Math.max(...losses);
  const points = losses.map((loss, i) => `${(200 * i) / steps},${100 - (95 * loss) / most}`);
  document.getElementById("curve")!.setAttribute("points", points.join(" "));
}

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
worker.onmessage = ({ data }: MessageEvent<Said>) => {
  if (data.type === "device") write("device", `Trains on ${data.said}`);
  else if (data.type === "step") {
    losses.push(data.loss);
    draw(data.steps);
    write("progress", `step ${data.step} of ${data.steps}: loss ${data.loss.toFixed(4)}`);
  } else if (data.type === "end") {
    const right = `${(100 * data.right).toFixed(0)} %`;
    write("result", `names ${right} of new pictures, after ${data.seconds.toFixed(1)} s`);
  } else write("result", `error: ${data.message}`);
};
worker.onerror = ({ message }) => write("result", `error: ${message}`);
worker.postMessage(order);
