/** A graph as readable text, the same text for the same graph; what snapshot tests compare. */
import { topological } from "./node.ts";
import type { Node } from "./op.ts";

const value = (x: unknown): string => {
  if (typeof x !== "object" || x === null)
    return typeof x === "string" ? JSON.stringify(x) : String(x);
  if (Array.isArray(x) || ArrayBuffer.isView(x)) {
    const items = Array.from(x as ArrayLike<unknown>);
    return `[${items.slice(0, 8).map(value).join(", ")}${items.length > 8 ? `, ... ${items.length}` : ""}]`;
  }
  return `{${Object.entries(x)
    .map(([k, v]) => `${k}: ${value(v)}`)
    .join(", ")}}`;
};

function attributes(n: Node): string {
  const shown = Object.entries(n.attrs).filter(([k]) => !["shape", "dtype", "name"].includes(k));
  return shown.map(([k, v]) => ` ${k}=${value(v)}`).join("");
}

/** One line a node: `%3 = matmul %0 %2  float [32, 10]`; inputs and parameters go by their names. */
export function print(outputs: Readonly<Record<string, Node>>): string {
  const names = new Map<Node, string>();
  const lines: string[] = [];
  let count = 0;
  for (const n of topological(Object.values(outputs))) {
    const named = n.op === "input" || n.op === "parameter";
    const name = named ? n.attrs.name : `%${count++}`;
    names.set(n, name);
    const inputs = n.inputs.map((x) => ` ${names.get(x)!}`).join("");
    lines.push(`${name} = ${n.op}${inputs}${attributes(n)}  ${n.dtype} [${n.shape.join(", ")}]`);
  }
  for (const [name, n] of Object.entries(outputs)) lines.push(`return ${name} = ${names.get(n)!}`);
  return lines.join("\n");
}
