/** The page's own folder of data: files of packages, in parts for those who need few examples, with a list of them. */
import { gunzip, type Files } from "../../src/index.ts";
import { brief, isRecord, parseRecord } from "../../src/train/json.ts";

export interface PackageOptions {
  /** The address of the folder, with a slash at its end. */
  readonly base: string;
  /** What is to be trained. */
  readonly config: object;
  readonly progress?: (what: string, done: number) => void;
}

/** What `index.json` says of one set of files. */
export interface Part {
  /** The folder that they are in, beside the list. */
  readonly folder: string;
  /** For logs and reports. */
  readonly source: string;
  /** How many examples it has. */
  readonly train: number;
  readonly test: number;
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    /** Of one that ends in .gz, the bytes that it holds. */
    readonly unpacked?: number;
  }[];
}

/** The smallest part of a package that has the examples that are asked for. */
export async function packageFiles(
  name: string,
  { base, config, progress = () => undefined }: PackageOptions,
): Promise<Files> {
  const folder = new URL(`${name}/`, base).href;
  const list = `${folder}index.json`;
  const bytes = await fetched(list);
  const parts = partsOf(parseRecord(new TextDecoder().decode(bytes), list, ADVICE), list);
  const { trainSize = Infinity, testSize = Infinity } = config as Readonly<Record<string, unknown>>;
  const part =
    parts.find(({ train, test }) => Number(trainSize) <= train && Number(testSize) <= test) ??
    parts.at(-1)!;
  const files = new Map(part.files.map((file) => [file.name.replace(PACKED, ""), file]));
  const all = part.files.reduce((sum, { size }) => sum + size, 0);
  let received = 0;
  const where = (file: string): string =>
    `${folder}${part.folder}/${files.get(file)?.name ?? file}`;
  return {
    source: part.source,
    names: [...files.keys()],
    where,
    async read(file) {
      const bytes = await fetched(where(file), (more) => {
        received += more;
        progress(`fetching ${part.source}`, Math.min(1, received / all));
      });
      const most = files.get(file)?.unpacked;
      if (most === undefined || !isGzip(bytes)) return bytes;
      return gunzip(bytes, { where: where(file), most });
    },
  };
}

/** Many servers say of such a file that it is compressed on its way, and browsers hand on what it holds. */
const PACKED = /\.gz$/;
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const ADVICE = "copy the whole folder of the page to its server";

/** A file's bytes. A server that has none may send a page in its place, which is told by its type. */
export async function fetched(
  url: string,
  onBytes: (more: number) => void = () => undefined,
): Promise<Uint8Array> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(`${url}: expected a file of the page, got no answer; start its server again`, {
      cause,
    });
  });
  const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
  if (!response.ok || isPage || !response.body) {
    const said = response.ok ? "" : ` (${brief((await response.text()).trim())})`;
    throw new Error(
      `${url}: expected a file of the page, got ${isPage ? "a page of HTML" : `status ${response.status}`}${isPage ? "" : said}; ${ADVICE}`,
    );
  }
  const chunks: Uint8Array[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    onBytes(value.length);
  }
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function partsOf({ parts }: Record<string, unknown>, where: string): readonly Part[] {
  const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  const isName = (x: unknown): x is string => typeof x === "string" && /^[\w-][\w.-]*$/.test(x);
  const isPart = (x: unknown): x is Part =>
    isRecord(x) &&
    isName(x["folder"]) &&
    typeof x["source"] === "string" &&
    isCount(x["train"]) &&
    isCount(x["test"]) &&
    Array.isArray(x["files"]) &&
    x["files"].every(
      (file) =>
        isRecord(file) &&
        isName(file["name"]) &&
        isCount(file["size"]) &&
        (file["unpacked"] === undefined || isCount(file["unpacked"])),
    );
  if (Array.isArray(parts) && parts.length > 0 && parts.every(isPart)) return parts;
  throw new Error(
    `${where}: expected parts with their folders and files, got ${brief(parts)}; ${ADVICE}`,
  );
}
