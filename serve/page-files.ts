/**
 * The files of the page, by an exact list that is made once: no path that is asked for ever reaches the file system. What the page's
 * lists of data name and the package leaves out comes from the packages that these data are of, where they are installed.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { nodeDoor } from "../src/node/index.ts";

export interface PageFile {
  readonly type: string;
  /** Whether its name changes with what is in it. */
  readonly isHashed: boolean;
  /** What tells one version from another. */
  readonly tag: string;
  /** Its bytes, as one of these encodings where that pays. */
  bytes(accepted: string): Promise<{ readonly bytes: Uint8Array; readonly encoding?: string }>;
}
/** By their paths, "/index.html"; a text says what is missing, and what to do. */
export type PageFiles = ReadonlyMap<string, PageFile | string>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};
/** What gets smaller. */
const PAYS = new Set([".html", ".js", ".mjs", ".css", ".json", ".svg", ".wasm"]);
const OTHER = "application/octet-stream";

/** `compress` pays where bytes travel; on one machine it only takes time. */
export async function pageFiles(
  folder: string,
  { compress }: { readonly compress: boolean },
): Promise<PageFiles> {
  const files = new Map<string, PageFile | string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length).replaceAll(sep, "/").replace(/^\/*/, "/");
    files.set(name, await fileAt(path, { name, compress }));
  }
  const lists = [...files.keys()].filter((name) => /^\/data\/[^/]+\/index\.json$/.test(name));
  for (const list of lists)
    for (const [name, file] of await fromPackage(folder, list))
      if (!files.has(name)) files.set(name, file);
  return files;
}

async function fileAt(
  path: string,
  { name, compress }: { readonly name: string; readonly compress: boolean },
): Promise<PageFile> {
  const { size, mtimeMs } = await stat(path);
  const ending = extname(name);
  const packed = new Map<string, Promise<Uint8Array>>();
  return {
    type: TYPES[ending] ?? OTHER,
    isHashed: name.startsWith("/assets/"),
    tag: tagOf(`${name} ${size} ${mtimeMs}`),
    async bytes(accepted) {
      const encoding = compress && PAYS.has(ending) ? chosen(accepted) : undefined;
      if (!encoding) return { bytes: await readFile(path) };
      const kept = packed.get(encoding) ?? readFile(path).then(ways[encoding]);
      packed.set(encoding, kept);
      return { bytes: await kept, encoding };
    },
  };
}

const ways = {
  br: (bytes: Uint8Array): Promise<Uint8Array> =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes: Uint8Array): Promise<Uint8Array> => promisify(gzip)(bytes),
};
function chosen(accepted: string): keyof typeof ways | undefined {
  const names = accepted.split(",").map((one) => one.trim().replace(/;q=0*(\.0+)?[1-9.].*$/, ""));
  return (["br", "gzip"] as const).find((way) => names.includes(way));
}

interface DataList {
  readonly parts: readonly {
    readonly folder: string;
    readonly files: readonly { readonly name: string }[];
  }[];
}
/** What a list of data names, compressed from the package that the list's folder is called by. */
async function fromPackage(
  folder: string,
  list: string,
): Promise<readonly (readonly [string, PageFile | string])[]> {
  const { parts } = JSON.parse(await readFile(join(folder, list), "utf8")) as DataList;
  const base = list.slice(0, -"/index.json".length);
  const name = base.slice("/data/".length);
  const files = await nodeDoor()
    .package(name, "data")
    .catch(() => undefined);
  return parts.flatMap((part) =>
    part.files.map((file) => {
      const original = file.name.replace(/\.gz$/, "");
      const path = `${base}/${part.folder}/${file.name}`;
      if (!files?.names.includes(original))
        return [
          path,
          `${file.name}: expected the package ${name}, got none; run npm install ${name}`,
        ] as const;
      let packed: Promise<Uint8Array> | undefined;
      const made: PageFile = {
        ...{ type: OTHER, isHashed: false, tag: tagOf(`${files.source} ${path}`) },
        bytes: async () => ({ bytes: await (packed ??= files.read(original).then(ways.gzip)) }),
      };
      return [path, made] as const;
    }),
  );
}

const tagOf = (text: string): string =>
  `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
