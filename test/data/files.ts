/** Files that lie in memory. */
import type { Files } from "../../src/data/door.ts";

export const filesOf = (
  content: Readonly<Record<string, Uint8Array>>,
  source = "memory",
): Files => ({
  source,
  names: Object.keys(content).sort(),
  where: (name) => (name === "" ? source : `${source}/${name}`),
  read: (name) =>
    name in content
      ? Promise.resolve(content[name])
      : Promise.reject(
          new Error(`${source}/${name}: there is no such file, got nothing; check it`),
        ),
});
