/** A process that trains for another one ends with it, however that one ended. */
import { STOPPED } from "../exit-codes.ts";

/** Set where a parent holds the other end. */
export const LEASH = "WEIGHTNORM_LEASH";
/** Milliseconds to save in. */
const GRACE = 10_000;

/** Where a parent started this process for itself, its end is a request to stop: what is under way is saved. */
export function onLeash(): void {
  if (process.env[LEASH] === undefined || !process.channel) return;
  process.once("disconnect", () => {
    setTimeout(() => process.exit(STOPPED), GRACE).unref();
    process.kill(process.pid, "SIGTERM");
  });
  process.channel.unref(); // it keeps nobody from ending who is done
}
