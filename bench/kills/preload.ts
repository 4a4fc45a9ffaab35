/** Loaded before the command line: kills the process before its n-th operation on a file, or tells how many there were. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** What changes something on the disk. */
const CHANGES = {
  sync: [
    "openSync",
    "writeFileSync",
    "appendFileSync",
    "fsyncSync",
    "ftruncateSync",
    "renameSync",
    "rmSync",
    "mkdirSync",
  ],
  async: ["open", "rename", "rm", "mkdir", "link", "copyFile", "writeFile", "unlink"],
} as const;
/** Of a file that is open. */
const OF_HANDLES = ["writeFile", "sync", "close"] as const;

const last = Number(process.env["KILL_BEFORE"] ?? Infinity);
let done = 0;
const before = (): void => {
  if (done++ >= last) process.kill(process.pid, "SIGKILL");
};

type Functions = Record<string, (...args: never[]) => unknown>;
function watch(functions: Functions, names: readonly string[]): void {
  for (const name of names) {
    const original = functions[name];
    functions[name] = function (this: unknown, ...args: never[]) {
      before();
      return original.apply(this, args);
    };
  }
}

watch(fs as unknown as Functions, CHANGES.sync);
watch(fs.promises as unknown as Functions, CHANGES.async);
const handle = await fs.promises.open(import.meta.filename, "r");
watch(Object.getPrototypeOf(handle) as Functions, OF_HANDLES);
await handle.close();
done = 0;
syncBuiltinESMExports();

process.on("exit", () => {
  if (process.env["COUNT_TO"] !== undefined)
    fs.writeFileSync(process.env["COUNT_TO"], String(done));
});
