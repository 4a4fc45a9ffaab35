/** A connection to Redis that outlasts its restarts. */
import { Redis } from "ioredis";
import { UsageError } from "../../runs/experiment.ts";
import { reasonOf } from "../../src/node/index.ts";

/** Milliseconds between two tries at most. */
const MOST_WAIT = 2000;

/** Connects, or says that nobody is there; once there was somebody, it waits for as long as it takes. */
export async function connected(url: string, say: (line: string) => void): Promise<Redis> {
  const place = placeOf(url);
  await reachable(url, place);
  const redis = new Redis(url, {
    maxRetriesPerRequest: null, // BullMQ waits by itself
    retryStrategy: (times) => Math.min(MOST_WAIT, 100 * 2 ** Math.min(times, 10)),
  });
  let away = false;
  redis.on("error", (error: unknown) => {
    if (!away)
      say(`redis at ${place}: the connection is lost (${reasonOf(error)}); waiting for it`);
    away = true;
  });
  redis.on("ready", () => {
    if (away) say(`redis at ${place}: it is back`);
    away = false;
  });
  return redis;
}

async function reachable(url: string, place: string): Promise<void> {
  const probe = new Redis(url, {
    ...{ lazyConnect: true, maxRetriesPerRequest: 0, connectTimeout: 5000 },
    retryStrategy: () => null,
  });
  let first: unknown;
  probe.on("error", (error: unknown) => (first ??= error));
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    throw new Error(
      `--redis: expected a server at ${place}, got ${reasonOf(first ?? error)}; start one (redis-server), or mend the address`,
      { cause: error },
    );
  } finally {
    probe.disconnect();
  }
}

/** The host and port: an address may hold a password, which no message repeats. */
function placeOf(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    if (["redis:", "rediss:"].includes(protocol) && host !== "") return host;
  } catch {
    // said below
  }
  throw new UsageError(
    "--redis: expected an address like redis://localhost:6379, got another text; try that",
  );
}
