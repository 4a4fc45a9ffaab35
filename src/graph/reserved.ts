/** Names under which optimizers keep state of their own: no layer may have one, or its parameters would be taken for that. */

const reserved: readonly string[] = [
  "adam",
  "adamax",
  "adamw",
  "lamb",
  "lion",
  "rmsprop",
  "sgd",
  "accumulated",
  "average",
  "best",
];

const first = (name: string): string => name.split(".", 1)[0];

/** Whether a parameter's name is that of optimizer state, accumulated gradients or a moving average, and not of the model. */
export const isOptimizerState = (name: string): boolean =>
  name.includes(".") && reserved.includes(first(name));

/** Throws where a network gives such a name to something of its own; what is not text is for others to refuse. */
export function refuseReserved(name: string, what: "layer" | "parameter"): void {
  if (typeof name !== "string" || !reserved.includes(first(name))) return;
  const keeper = ["accumulated", "average", "best"].includes(first(name))
    ? "training"
    : "an optimizer";
  throw new Error(
    `scope: "${first(name)}" is a name that ${keeper} keeps its own state under, got it as the name of a ${what}; call the ${what} something else`,
  );
}
