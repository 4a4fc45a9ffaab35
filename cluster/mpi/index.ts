/** Several processes that MPI's launchers start, as the ranks of one run. */
export { FAILED, STOPPED } from "../exit-codes.ts";
export { joined, type Joined } from "./joined.ts";
export { launcherOf, type Launcher } from "./launcher.ts";
export { everyone } from "./ranks.ts";
export { launchOf, relaunch, SAME_SIGNAL_MS } from "./relaunch.ts";
export { programText, sameProgram } from "./same-program.ts";
