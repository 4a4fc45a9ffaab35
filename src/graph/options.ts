/** Options are checked by name: one that is misspelt would be ignored, one that is missing would fail where nobody looks for it. */
import { described, isNode, isScope } from "./described.ts";
import { converted, elsewhere, nearest, toGive } from "./other-names.ts";

/** Every name of an interface of options and whether it has to be given: the type checker proves the list whole. */
export type OptionNames<O> = {
  readonly [K in keyof O]-?: Partial<Pick<O, K>> extends Pick<O, K> ? "optional" : "required";
};

/**
 * A function that hands on the options of `where` if all of them are known and none is missing, and says what is wrong if
 * not: `const known = optionsOf<SgdOptions>("sgd", { lr: "required", momentum: "optional" })`.
 */
export function optionsOf<O extends object>(
  where: string,
  names: OptionNames<O>,
): (options: O) => O {
  const all = Object.keys(names);
  const required = all.filter((name) => names[name as keyof O] === "required");
  // Graphs are built by the ten thousand nodes: no more than a look at each name that is given.
  return (options) => {
    if (typeof options !== "object" || (options as unknown) === null || Array.isArray(options))
      throw notOptions(where, options, all, required);
    for (const name in options)
      if (!Object.hasOwn(names, name)) throw unknown(where, name, options, all);
    for (const name of required)
      if (options[name as keyof O] === undefined) throw missing(where, name, options);
    return options;
  };
}

function notOptions(
  where: string,
  given: unknown,
  all: readonly string[],
  required: readonly string[],
): Error {
  if (Array.isArray(given) && given.some(isNode)) return uncalled(where, all, given);
  const example = required.length > 0 ? required : all.slice(0, 1);
  const got = given === undefined ? "nothing" : described(given);
  return new Error(
    `${where}: options must be an object, got ${got}; write { ${example.map((name) => `${name}: ...`).join(", ")} }`,
  );
}

function unknown(where: string, name: string, options: object, all: readonly string[]): Error {
  if (isScope(options)) return uncalled(where, all, options);
  const meant = nearest(name, all);
  const advice =
    meant.length > 0
      ? `do you mean ${meant.join(" and ")}${converted(name, meant)}? There ${all.length === 1 ? "is" : "are"} ${all.join(", ")}`
      : (elsewhere(name) ?? `use ${all.join(", ")}`);
  return new Error(`${where}: there is no such option, got "${name}"; ${advice}`);
}

/** Named where it should have been called, it gets as options what its result was to be given. */
const uncalled = (where: string, all: readonly string[], given: unknown): Error =>
  new Error(
    `${where}: options must be an object of ${all.join(", ")}, got ${described(given)}; call it where it is named, \`${where}()\``,
  );

function missing(where: string, name: string, options: object): Error {
  const others = Object.keys(options);
  const got = others.includes(name) ? "undefined" : others.join(", ") || "no options";
  return new Error(`${where}: ${name} is missing, got ${got}; ${toGive(name)}`);
}
