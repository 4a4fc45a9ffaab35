/** Where the lab's worker is started: the one place, so that tests have another one here. */
export { connected, type Connection } from "../worker/connect.ts";
