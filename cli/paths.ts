/** How paths are shown. */
import { relative } from "node:path";

/** Relative where that is shorter to read. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
