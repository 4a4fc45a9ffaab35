/** Starts itself as ranks where it is none, as `--ranks 2` does, and is `rank.ts` where it is one. */
import { joined, relaunch } from "../../../cluster/mpi/index.ts";

if ((await joined()) === undefined)
  process.exitCode = await relaunch(2, process.argv.slice(1)).catch((error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  });
else await import("./rank.ts");
