/** What other libraries, and fingers in a hurry, call the options that we have. */

/** A line for each thing, in small letters without anything between words: ours among what Keras, PyTorch, JAX and ONNX say. */
const same: readonly (readonly string[])[] = [
  "lr learningrate rate stepsize eta",
  "kernel kernelsize kernelshape ksize poolsize window windowsize windowshape filtersize size",
  "pads pad padding",
  "strides stride subsample",
  "dilations dilation dilationrate atrous",
  "groups group numgroups featuregroupcount",
  "outputpadding outputpads",
  "units filters outchannels outfeatures numoutputs hiddensize hiddenunits hidden features",
  "inputs inchannels infeatures inputsize inputdim",
  "epsilon eps",
  "beta1 betas b1 momentum",
  "beta2 betas b2 rho",
  "decay rho alpha momentum smoothing",
  "centred centered",
  "rate weightdecay decay lambda l2",
  "match filter mask names params",
  "axes axis dim dims dimension dimensions",
  "axis axes dim",
  "keepdims keepdim keepdimensions keepaxes",
  "start begin from",
  "end stop to until",
  "step stride",
  "norm normalization normalisation normalizer arm",
  "std stddev stdev sigma standarddeviation scale",
  "initscale gain",
  "multiplier depthmultiplier channelmultiplier",
  "delta beta",
  "key seed rng rngs random",
  "optimizer optimiser optim opt",
  "inputs input feeds placeholders",
  "from initial initialrate initiallearningrate initialvalue base lr",
  "to final finalrate endlearningrate endvalue etamin minimum",
  "end steps totalsteps decaysteps transitionsteps maxsteps tmax total",
  "init initializer initialvalue value",
  "trainable requiresgrad",
  "dtype type",
  "shortcut skip downsample projection",
  "bins levels values",
  "bias usebias",
  "paddingindex paddingidx padtoken",
  "heads numheads nheads nhead",
  "layers numlayers depth",
  "bidirectional bidir",
  "weightdecay decay wd l2",
  "classweights weight weights classweight",
  "positiveweight posweight",
  "ignoreindex ignorelabel ignore",
  "epochs numepochs iterations",
  "batchsize batch",
  "validate validation validationsplit validationdata",
  "patience earlystopping",
  "metrics metric",
  "standardize normalize scale",
  "accumulate gradientaccumulation accumulationsteps accumulatesteps",
  "network model net module",
  "data dataset inputs trainingdata",
].map((line) => line.split(" "));

/** Those of `names` that `name` stands for: what means the same elsewhere, or else what is spelt most like it. */
export function nearest(name: string, names: readonly string[]): readonly string[] {
  const word = plain(name);
  const alike = names.filter((other) => plain(other) === word);
  if (alike.length > 0) return alike;
  const lines = same.filter((line) => line.includes(word));
  const first = names.filter((other) => lines.some(([ours]) => ours === plain(other)));
  if (first.length > 0) return first;
  const meant = names.filter((other) => lines.some((line) => line.includes(plain(other))));
  if (meant.length > 0) return meant;
  const distances = names.map((other) => distance(word, plain(other)));
  const least = Math.min(...distances);
  const most = Math.min(2, Math.floor(word.length / 3));
  return least <= most ? [names[distances.indexOf(least)]] : [];
}

/** What is an option in other libraries and something of its own here. */
export const elsewhere = (name: string): string | undefined =>
  own.find(({ names }) => names.includes(plain(name)))?.advice;

const own: readonly { readonly names: readonly string[]; readonly advice: string }[] = [
  {
    names: ["weightdecay", "l2", "kernelregularizer"],
    advice:
      "adamW, lion and lamb have weightDecay; for others decay the gradients: weightDecay(parameters, gradients, { rate })",
  },
  {
    names: ["clipnorm", "globalclipnorm", "maxnorm", "maxgradnorm"],
    advice: "clip the gradients: clipByNorm(gradients, most)",
  },
  { names: ["clipvalue"], advice: "clip the gradients: clipByValue(gradients, most)" },
  { names: ["activation"], advice: "an activation is a layer of its own: apply(ops.relu)" },
  { names: ["params", "parameters"], advice: "parameters are handed in by trainStep" },
];

/** Where the value of our option `meant` is another than that of `name`: how it is found. */
export const converted = (name: string, meant: readonly string[]): string =>
  plain(name) === "momentum" && meant.includes("decay")
    ? " (the share of the old average: 1 - momentum for PyTorch's momentum, Keras's as it is)"
    : "";

/** How to give an option that is missing. */
export const toGive = (name: string): string =>
  name === "norm" ? `use ${ARMS}` : `add ${name}: ...`;
export const ARMS =
  'arms.weight, arms.plain, arms.batch, arms["mean-only"] or arms["weight+mean-only"]';

/** "kernel_size", "kernelSize" and "kernel-size" are one word. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Letters to put in, leave out or change (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length];
}
