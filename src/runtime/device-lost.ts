/** What becomes of work whose device is gone. */

/** The device is gone, with all that was on it: what was saved before is still good. */
export class DeviceLost extends Error {
  override readonly name = "DeviceLost";
}

/** An error of work with a device, in our words where the device is gone. */
export function lostOr(error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  return /device[ _](is |was )?lost|DeviceLost/i.test(text)
    ? new DeviceLost(
        `webgpu: expected the device to go on, got it lost (${text.slice(0, 200)}); start again from what was saved`,
        { cause: error },
      )
    : error;
}
