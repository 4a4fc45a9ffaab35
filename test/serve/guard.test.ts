/** Who may ask for what: nothing leads out of the lists of what there is, and a browser is told what it may do. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { pageFiles, type PageFiles } from "../../serve/page-files.ts";
import { ask, folder, serverFor, train } from "./world.ts";

const NAME = 'a <img src=x onerror="alert(1)"> & b';
const page = folder();
const root = folder();
let files: PageFiles = new Map();
beforeAll(async () => {
  await mkdir(join(page, "assets"));
  await mkdir(join(page, "data/no-such-package-of-ours"), { recursive: true });
  await writeFile(join(page, "index.html"), "<!doctype html><title>lab</title>");
  await writeFile(join(page, "runs.html"), "<!doctype html><title>runs</title>");
  await writeFile(join(page, "assets/main-abc.js"), `export const x = "${"x".repeat(5000)}";`);
  await writeFile(join(page, "assets/ort.wasm"), new Uint8Array(5000));
  await writeFile(
    join(page, "data/no-such-package-of-ours/index.json"),
    JSON.stringify({ parts: [{ folder: "whole", files: [{ name: "train.gz" }] }] }),
  );
  await writeFile(join(root, "secret.txt"), "secret");
  await train(join(root, "run"));
  await train(join(root, NAME));
  files = await pageFiles(page, { compress: false });
});

describe("nothing but what is listed is there", () => {
  const run = "/api/runs/run";
  test.each([
    ...["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt"],
    ...["/assets/..%2f..%2fsecret.txt", "/assets", "/assets/", "//etc/passwd", "/etc/passwd"],
    ...["/index.html%00", "/%00", "/%", "/%ff", "/index.html/", "/INDEX.HTML"],
    ...[`/${"a".repeat(100_000)}`, `/api/runs/${"%2e%2e%2f".repeat(1000)}/report`],
    ...["/api/runs/../events", "/api/runs/..%2f/events", "/api/runs/%2e%2e/report"],
    ...["/api/runs//report", "/api/runs/run%2f..%2frun/report", "/api/runs/run%00/report"],
    ...["/api/runs/%2ftmp/report", "/api/runs/./report", "/api/runs/__proto__/report"],
    ...[`${run}/checkpoints/`, `${run}/checkpoints/plain-1`, `${run}/checkpoints/plain-1.gz`],
    ...[`${run}/checkpoints/..%2fconfig.json`, `${run}/checkpoints/..%2f..%2fsecret.txt`],
    ...[`${run}/checkpoints/..%2fcheckpoints%2fplain-1.safetensors`, `${run}/config.json`],
    ...[`${run}/checkpoints/plain-1.safetensors%00`, `${run}/log.jsonl`, "/api/secret.txt"],
    ...["/data/no-such-package-of-ours/whole/other.gz"],
  ])("%s", async (path) => {
    const response = await ask(serverFor(root, { files }), path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('secret"');
  });
  test("and what is, is", async () => {
    const server = serverFor(root, { files });
    const status = async (path: string): Promise<number> => (await ask(server, path)).status;
    for (const path of ["/", "/index.html", "/runs.html", "/assets/main-abc.js"])
      expect(await status(path), path).toBe(200);
    const checkpoint = await ask(server, "/api/runs/run/checkpoints/plain-1.safetensors");
    expect(checkpoint.status).toBe(200);
    expect((await checkpoint.arrayBuffer()).byteLength).toBe(
      Number(checkpoint.headers.get("content-length")),
    );
  });
  test("data of a package that is not installed say what to install", async () => {
    const path = "/data/no-such-package-of-ours/whole/train.gz";
    const response = await ask(serverFor(root, { files }), path);
    expect([response.status, await response.json()]).toEqual([
      404,
      {
        error:
          "train.gz: expected the package no-such-package-of-ours, got none; run npm install no-such-package-of-ours",
      },
    ]);
  });
  test("without a folder there are no runs", async () => {
    const response = await ask(serverFor(undefined, { files }), "/api/runs");
    expect([response.status, await response.json()]).toEqual([
      404,
      {
        error:
          "runs: expected a folder of runs, got none; start the server with one, as in weightnorm page runs",
      },
    ]);
  });
});

describe("headers", () => {
  const policyOf = async (path: string): Promise<string> =>
    (await ask(serverFor(root, { files }), path)).headers.get("content-security-policy")!;
  test("let the page run its own scripts and WebAssembly, and evaluate nothing", async () => {
    for (const path of ["/", "/runs.html", "/assets/main-abc.js"]) {
      const policy = await policyOf(path);
      expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';");
      expect(policy).toContain("base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      expect(policy).not.toMatch(/'unsafe-(eval|inline)'/);
    }
  });
  test("let a report have its styles, and run nothing", async () => {
    const policy = await policyOf("/api/runs/run/report");
    expect(policy).toMatch(/^default-src 'none'; style-src 'unsafe-inline'; img-src data:;/);
  });
  test("isolate everything, and say what it is", async () => {
    for (const path of ["/", "/api/runs", "/api/runs/run/results.json", "/nothing"]) {
      const { headers, body } = await ask(serverFor(root, { files }), path);
      expect(Object.fromEntries(headers), path).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
      });
      await body?.cancel();
    }
  });
  test("keep for good what is called by its content, and ask again for the rest", async () => {
    const server = serverFor(root, { files });
    const { headers } = await ask(server, "/assets/main-abc.js");
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const wasm = await ask(server, "/assets/ort.wasm");
    expect(wasm.headers.get("content-type")).toBe("application/wasm");
    const first = await ask(server, "/");
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const tag = { "If-None-Match": first.headers.get("etag")! };
    expect((await ask(server, "/", { headers: tag })).status).toBe(304);
  });
  test("tell of the encoding, where bytes are to travel", async () => {
    const packed = serverFor(root, { files: await pageFiles(page, { compress: true }) });
    const asked = (encoding: string, path = "/assets/main-abc.js"): Promise<Response> =>
      ask(packed, path, { headers: { "Accept-Encoding": encoding } });
    for (const [accepted, is] of [
      ["gzip, deflate, br", "br"],
      ["gzip", "gzip"],
      ["br;q=0, gzip;q=0.5", "gzip"],
      ["", null],
    ] as const) {
      const response = await asked(accepted);
      expect(response.headers.get("content-encoding"), accepted).toBe(is);
      const size = (await response.arrayBuffer()).byteLength;
      expect(size === 5020 || size < 200, String(size)).toBe(true);
      expect(size < 200).toBe(is !== null);
    }
    expect((await asked("gzip", "/assets/ort.wasm")).headers.get("content-encoding")).toBe("gzip");
  });
});

describe("who asks", () => {
  const status = async (
    headers: Record<string, string>,
    options: { readonly host?: string; readonly token?: string; readonly method?: string } = {},
  ): Promise<number> => {
    const { method = "GET", ...who } = options;
    return (await ask(serverFor(root, { files, ...who }), "/", { headers, method })).status;
  };
  test("knows this machine by a name of its own, by whatever port", async () => {
    for (const Host of ["localhost", "localhost:9000", "127.0.0.1:1602", "[::1]:80", "LOCALHOST"])
      expect(await status({ Host }), Host).toBe(200);
    for (const Host of ["evil.example", "evil.example:1602", "localhost.evil.example", "", "a b"])
      expect(await status({ Host }), Host).toBe(421);
    for (const Host of ["127.0.0.1.evil.example", "192.168.0.7", "localhost:1:2", "[::2]"])
      expect(await status({ Host }), Host).toBe(421);
    expect(await status({ Host: "lab.example" }, { host: "lab.example" })).toBe(200);
    expect(await status({ Host: "localhost" }, { host: "lab.example" })).toBe(421);
    expect(await status({ Host: "192.168.0.7:80" }, { host: "0.0.0.0" })).toBe(200);
    expect(await status({ Host: "evil.example" }, { host: "0.0.0.0" })).toBe(421);
  });
  test("comes from this page, or from none", async () => {
    const Host = "localhost:1602";
    expect(await status({ Host, Origin: "http://localhost:1602" })).toBe(200);
    for (const Origin of ["http://localhost:1603", "http://evil.example", "null", "file://", "x"])
      expect(await status({ Host, Origin }), Origin).toBe(403);
  });
  test("only looks", async () => {
    expect(await status({}, { method: "HEAD" })).toBe(200);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
      expect(await status({}, { method }), method).toBe(405);
  });
  test("has the token, from the address at first and then from a cookie that no script reads", async () => {
    const server = serverFor(root, { files, token: "a-token-of-ours" });
    const code = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await ask(server, path, { headers })).status;
    for (const path of ["/", "/runs.html", "/api/runs/run/report", "/?token=another", "/nothing"])
      expect(await code(path), path).toBe(401);
    const first = await ask(server, "/runs.html?a=1&token=a-token-of-ours");
    expect([first.status, first.headers.get("location")]).toEqual([303, "/runs.html?a=1"]);
    const cookie = first.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^weightnorm-[\da-f]{8}=a-token-of-ours; .*HttpOnly.*SameSite=Lax/);
    const [pair] = cookie.split(";");
    expect(await code("/", { Cookie: pair })).toBe(200);
    expect(await code("/", { Cookie: pair.replace("=a-", "=b-") })).toBe(401);
    const away = await ask(server, "//evil.example/?token=a-token-of-ours");
    expect(away.headers.get("location")).toBe("/evil.example/");
  });
});

describe("names of runs", () => {
  test("are data, whatever they hold", async () => {
    const server = serverFor(root, { files });
    const of = (what: string): string => `/api/runs/${encodeURIComponent(NAME)}/${what}`;
    const report = await ask(server, of("report"));
    expect([report.status, report.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=UTF-8",
    ]);
    expect(await report.text()).not.toContain("<img src=x");
    const results = await ask(server, of("results.json"));
    expect(results.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await results.json()).toMatchObject({ experiment: "counting" });
  });
});
