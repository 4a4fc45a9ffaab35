/** The server on a port: it says where it is, what is wrong where it cannot be there, and ends with what streams. */
import { mkdir, writeFile } from "node:fs/promises";
import type { NetworkInterfaceInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen, type ListenOptions, type Listening } from "../../serve/listen.ts";
import { nameFor, namesOf } from "../../serve/names.ts";
import { find, folder, train } from "./world.ts";

const page = folder();
const runs = folder();
const open: Listening[] = [];
const start = async (options: Partial<ListenOptions> = {}): Promise<Listening> => {
  const listening = await listen({ page, find, port: 0, ...options });
  open.push(listening);
  return listening;
};
beforeAll(async () => {
  await mkdir(join(page, "assets"));
  await writeFile(join(page, "index.html"), "<!doctype html>");
  await writeFile(join(page, "runs.html"), "<!doctype html>");
  await train(join(runs, "run"));
});
afterAll(() => Promise.all(open.map(({ close }) => close())));

test("answers at its address, and says what is there", async () => {
  const { url } = await start({ folder: runs });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/runs\.html$/);
  expect((await fetch(url)).status).toBe(200);
  expect((await start()).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
});

test("ends what streams when it is closed", async () => {
  const { url, close } = await start({ folder: runs });
  const stream = await fetch(new URL("api/runs", url));
  const reader = stream.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^data: \{"type":"runs"/);
  await close();
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  await rest().catch(() => undefined); // cut off, at the latest
  await expect(fetch(url)).rejects.toThrow();
});

test("another host takes a token, which is made where there is none", async () => {
  const { url } = await start({ host: "0.0.0.0" });
  expect(url).toMatch(/^http:\/\/(\d{1,3}\.){3}\d{1,3}:\d+\/\?token=[\w-]{32}$/);
  expect((await fetch(url.replace(/\?.*/, ""))).status).toBe(401);
  const first = await fetch(url, { redirect: "manual" });
  const [cookie] = first.headers.get("set-cookie")!.split(";");
  const then = await fetch(url.replace(/\?.*/, ""), { headers: { cookie } });
  expect([first.status, then.status]).toEqual([303, 200]);
});

test("on every address, prints one that others reach, where there is one", () => {
  const of = (address: string, internal = false): NetworkInterfaceInfo => ({
    ...{ address, internal, mac: "", netmask: "", cidr: null },
    ...(address.includes(":") ? { family: "IPv6", scopeid: 0 } : { family: "IPv4" }),
  });
  const lo = [of("127.0.0.1", true), of("::1", true)];
  const six = [of("fe80::1"), of("2001:db8::7")];
  const both = { lo, eth0: [...six, of("192.0.2.7")] };
  expect(nameFor("0.0.0.0", both)).toBe("192.0.2.7");
  expect(nameFor("::", both)).toBe("192.0.2.7"); // which listens to both
  expect(nameFor("::", { lo, eth0: six })).toBe("[2001:db8::7]");
  expect(nameFor("0.0.0.0", { lo, eth0: six })).toBe("127.0.0.1");
  expect(nameFor("::", { lo })).toBe("[::1]");
  for (const name of ["192.0.2.7", "2001:db8::7"])
    expect(namesOf("::")(`${nameFor(name)}:1602`), name).toBe(true);
  expect(nameFor("lab.example", both)).toBe("lab.example");
});

test("says in words why it cannot be there", async () => {
  const { url } = await start();
  const port = Number(new URL(url).port);
  await expect(start({ port })).rejects.toThrow(
    `--port: expected one that is free, got ${port}, which something else listens on; choose another one, or leave --port away`,
  );
  await expect(start({ folder: join(runs, "none") })).rejects.toThrow(
    `${join(runs, "none")}: expected a folder of runs, got ENOENT; check the path, or leave it away for the lab alone`,
  );
  const file = join(runs, "run/config.json");
  await expect(start({ folder: file })).rejects.toThrow(
    `${file}: expected a folder of runs, got a file; give the folder it is in`,
  );
  await expect(start({ host: "203.0.113.1" })).rejects.toThrow(
    /^--host: expected a name or an address of this machine, got EADDRNOTAVAIL for "203\.0\.113\.1"; leave it away/,
  );
});

test("takes the next port where the one that it has is taken, and none was asked for", async () => {
  const [first, second] = [await listen({ page, find }), await listen({ page, find })];
  open.push(first, second);
  expect(first.url).not.toBe(second.url);
});
