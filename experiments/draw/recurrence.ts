/** DRAW's recurrence unrolled: with an image as its example, or on its own (Gregor et al. 2015, section 2.1). */
import {
  lstm,
  ops,
  standardNormal,
  type Cell,
  type Gaussian,
  type LstmState,
  type Node,
  type Scope,
} from "../../src/index.ts";
import { linear } from "./linear.ts";
import { reader, writer, type Reader, type Writer } from "./windows.ts";

const { add, concat, exp, mul, reshape, sigmoid, slice, sub, zeros } = ops;

/** All numbers, so that a configuration is plain JSON. */
export interface DrawOptions {
  /** T, how often the canvas is changed (jbornschein/draw: 10, and 64 with attention). */
  readonly steps?: number;
  /** Units of the encoder and of the decoder. */
  readonly units?: number;
  /** Latent variables a step. */
  readonly latents?: number;
  /** N of the N x N windows that are read and written (the paper: 2 and 5); 0 takes images whole. */
  readonly read?: number;
  readonly write?: number;
  /** Height and width of the images. */
  readonly size?: number;
  /** Whether the gates of both LSTMs see their cells, 0 or 1 (jbornschein/draw: 1). */
  readonly peepholes?: number;
  /** Whether both LSTMs learn their first states, 0 or 1 (jbornschein/draw: 1). */
  readonly learnsStart?: number;
}
export const defaults: Required<DrawOptions> = {
  steps: 10,
  units: 256,
  latents: 100,
  read: 0,
  write: 0,
  size: 28,
  peepholes: 0,
  learnsStart: 0,
};

/** What every step leaves behind. */
export interface Strokes {
  /** c_t: logits [batch, size, size]. */
  readonly canvases: readonly Node[];
  /** Windows [batch, 4], none where images are taken whole. */
  readonly writes: readonly Node[];
  readonly reads: readonly Node[];
}
export interface Inference extends Strokes {
  /** q(z | x) of all steps together, and the z that was drawn from it: [batch, steps, latents]. */
  readonly posterior: Gaussian;
  readonly z: Node;
}

/** An image x [batch, size, size] drawn anew from what is read of it (eqs. 1-8), every z drawn from q or its most likely one. */
export function infer(
  scope: Scope,
  x: Node,
  { likeliest = false, ...options }: Required<DrawOptions> & { readonly likeliest?: boolean },
): Inference {
  const { steps, latents } = options;
  const { read, encoder, posterior, ...rest } = network(scope, options);
  const [batch] = x.shape;
  const noise = noiseOf(scope, batch, options);
  const [canvases, writes, reads, codes, zs]: Node[][] = [[], [], [], [], []];
  let state = blank(batch, rest.decoder, options);
  let reading = encoder.initial(batch);
  const look = read(x);
  for (let t = 0; t < steps; t++) {
    const error = sub(x, sigmoid(state.canvas));
    const glimpse = look(error, state.decoder.h);
    reading = encoder.step([...glimpse.value, state.decoder.h], reading);
    const code = posterior(reading.h); // mu and log sigma
    const mu = slice(code, { axis: 1, end: latents });
    const sigma = exp(slice(code, { axis: 1, start: latents }));
    const z = likeliest ? mu : add(mu, mul(sigma, noise(t)));
    state = stroke(z, state, rest);
    keep([canvases, state.canvas], [writes, state.window], [reads, glimpse.window]);
    keep([codes, code], [zs, z]);
  }
  // One Gaussian over all steps: its divergence is a few large ops, not many small ones.
  const code = reshape(concat(codes, 1), [batch, steps, 2 * latents]);
  return {
    canvases,
    writes,
    reads,
    posterior: {
      mu: slice(code, { axis: 2, end: latents }),
      logVariance: mul(slice(code, { axis: 2, start: latents }), 2),
    },
    z: reshape(concat(zs, 1), [batch, steps, latents]),
  };
}

/** Images of the model's own, every z from the prior N(0, 1) (eqs. 13-15). */
export function generate(scope: Scope, count: number, options: Required<DrawOptions>): Strokes {
  const net = network(scope, options);
  const noise = noiseOf(scope, count, options);
  const [canvases, writes]: Node[][] = [[], []];
  let state = blank(count, net.decoder, options);
  for (let t = 0; t < options.steps; t++) {
    state = stroke(noise(t), state, net);
    keep([canvases, state.canvas], [writes, state.window]);
  }
  return { canvases, writes, reads: [] };
}

interface Decoding {
  readonly decoder: Cell<LstmState>;
  readonly write: Writer;
}
interface Network extends Decoding {
  readonly read: Reader["read"];
  readonly encoder: Cell<LstmState>;
  readonly posterior: (h: Node) => Node;
}
/** All layers with all their parameters, whichever of them a pass goes through. */
function network(scope: Scope, options: Required<DrawOptions>): Network {
  const { units, latents, size, read: readPoints, write: writePoints } = options;
  const [peepholes, learnsStart] = [options.peepholes > 0, options.learnsStart > 0];
  const built = { units, peepholes, learnsStart };
  const { width, read } = reader(scope, { points: readPoints, size, units });
  return {
    read,
    encoder: lstm(scope, { name: "encoder", inputs: width + units, ...built }),
    posterior: linear(scope, { name: "posterior", inputs: units, units: 2 * latents }),
    decoder: lstm(scope, { name: "decoder", inputs: latents, ...built }),
    write: writer(scope, { points: writePoints, size, units }),
  };
}

interface Canvas {
  readonly canvas: Node;
  readonly decoder: LstmState;
  readonly window: Node | null;
}
const blank = (
  batch: number,
  decoder: Cell<LstmState>,
  { size }: { readonly size: number },
): Canvas => ({
  canvas: zeros([batch, size, size]),
  decoder: decoder.initial(batch),
  window: null,
});
/** c_t = c_{t-1} + write(h_t), h_t = decoder(h_{t-1}, z_t) (eqs. 7 and 8). */
function stroke(z: Node, before: Canvas, { decoder, write }: Decoding): Canvas {
  const after = decoder.step(z, before.decoder);
  const { value, window } = write(after.h);
  return { canvas: add(before.canvas, value), decoder: after, window };
}

/** N(0, 1) [batch, latents] for every step, out of one draw for all. */
function noiseOf(
  scope: Scope,
  batch: number,
  { steps, latents }: Required<DrawOptions>,
): (t: number) => Node {
  const all = standardNormal(scope, [steps * batch, latents]);
  return (t) => slice(all, { axis: 0, start: t * batch, end: (t + 1) * batch });
}

function keep(...entries: readonly (readonly [Node[], Node | null])[]): void {
  for (const [list, node] of entries) if (node) list.push(node);
}
