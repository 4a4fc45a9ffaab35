/** An optimizer turns parameters and gradients into updates; its state is parameters too. */
import {
  described,
  optionsOf,
  parameter,
  type Arg,
  type Node,
  type Parameter,
  type Shape,
  type Update,
} from "../graph/index.ts";

/** A learning rate or momentum may be a number or, to be scheduled without recompiling, an input of the graph. */
export type Rate = Arg;

/** From parameters and their gradients to updates, those of its own state included. */
export type Optimizer = (
  parameters: readonly Parameter[],
  gradients: readonly Node[],
) => readonly Update[];

/** State that an optimizer keeps, starting at zero: `slot(p, "adam", "m")` is named "adam.<parameter>.m". */
export const slot = (p: Parameter, optimizer: string, name: string): Parameter =>
  stateful(`${optimizer}.${p.attrs.name}.${name}`, p.shape);
/** State that all parameters of an optimizer share, e.g. the number of steps taken. */
export const stateful = (name: string, shape: Shape = []): Parameter =>
  parameter(name, shape, { init: { kind: "constant", value: 0 }, trainable: false });

/** One rule for each parameter by itself. */
export const each =
  (rule: (p: Parameter, gradient: Node) => readonly Update[]): Optimizer =>
  (parameters, gradients) => {
    needPairs("optimizer", parameters, gradients);
    return parameters.flatMap((p, i) => rule(p, gradients[i]));
  };

/** As many gradients as parameters. */
export function needPairs(
  where: string,
  parameters: readonly Parameter[],
  gradients: readonly Node[],
): void {
  if (!Array.isArray(parameters) || !Array.isArray(gradients))
    throw new Error(
      `${where}: expected lists of parameters and gradients, got ${described(parameters)} and ${described(gradients)}; pass parameters and grad(loss, parameters)`,
    );
  if (parameters.length !== gradients.length)
    throw new Error(
      `${where}: got ${parameters.length} parameters and ${gradients.length} gradients; pass grad(loss, parameters)`,
    );
}

/** Some parameters, and what changes them. */
export interface Group {
  /** Which parameters, by name; the first group that matches takes one. */
  readonly match: RegExp;
  /** `null` leaves them as they are. */
  readonly optimizer: Optimizer | null;
}
/** Different optimizers for different parameters: `byName([{ match: /\.g$/, optimizer: sgd({ lr: 0.1 }) }, { match: /./, optimizer: adam() }])`. */
export const byName = (groups: readonly Group[]): Optimizer => {
  checkGroups(groups);
  return (parameters, gradients) => {
    needPairs("byName", parameters, gradients);
    const groupOf = (p: Parameter): Group => {
      const group = groups.find(({ match }) => p.attrs.name.search(match) >= 0);
      if (!group)
        throw new Error(
          `byName: no group matches "${p.attrs.name}"; end the list with { match: /./, ... }`,
        );
      return group;
    };
    const owner = parameters.map(groupOf);
    const updates = groups.flatMap((group) => {
      const mine = [...parameters.keys()].filter((i) => owner[i] === group);
      if (mine.length === 0 || !group.optimizer) return [];
      return group.optimizer(
        mine.map((i) => parameters[i]),
        mine.map((i) => gradients[i]),
      );
    });
    // Two groups with Adam of one beta share the odds of its correction, which are updated once.
    return [...new Map(updates.map((u) => [u.parameter.attrs.name, u])).values()];
  };
};

const knownOfGroup = optionsOf<Group>("byName: a group", {
  match: "required",
  optimizer: "required",
});
function checkGroups(groups: unknown): void {
  if (!Array.isArray(groups))
    throw new Error(
      `byName: groups must be a list, got ${described(groups)}; write [{ match: /./, optimizer: adam() }]`,
    );
  for (const group of groups as readonly Group[]) {
    const { match, optimizer } = knownOfGroup(group);
    if (!((match as unknown) instanceof RegExp))
      throw new Error(
        `byName: match must be a regular expression, got ${described(match)}; write e.g. /\\.g$/`,
      );
    if (optimizer !== null && typeof optimizer !== "function")
      throw new Error(
        `byName: optimizer must be an optimizer or null, got ${described(optimizer)}; write e.g. adam()`,
      );
  }
}
