/** What a file system refuses, in words: which file, what is wrong, what to do. */
import { brief, printable } from "../train/json.ts";

/** What was tried. */
export type Doing = "find" | "read" | "list" | "write" | "make" | "remove";

const cannot: Readonly<Record<Doing, string>> = {
  find: "cannot look there",
  read: "cannot read",
  list: "cannot list this folder",
  write: "cannot write",
  make: "cannot make this folder",
  remove: "cannot remove",
};
const missing: Readonly<Record<Doing, string>> = {
  find: "there is no such file or folder",
  read: "there is no such file",
  list: "there is no such folder",
  write: "its folder does not exist",
  make: "the folder above does not exist",
  remove: "there is no such file",
};
const changes = (doing: Doing): boolean => ["write", "make", "remove"].includes(doing);

type Words = readonly [what: string, advice: string];
const full: Words = ["the disk is full", "free some space"];
const busy = (doing: Doing): Words => [
  `${cannot[doing]} while something else uses it`,
  "close that and try again",
];
const forbidden = (doing: Doing): Words => [
  cannot[doing],
  changes(doing) ? "change the permissions or choose another folder" : "change its permissions",
];
const tooMany: Words = [
  "too many files are open",
  "close other programs, or allow more with `ulimit -n`",
];
const aFolder = (doing: Doing): Words => [
  "this is a folder",
  changes(doing) ? "give a file name" : "give the file in it",
];
const device = (doing: Doing): Words => [`${cannot[doing]} from a device`, "give a file"];

/** By the system's code. */
const words: ReadonlyMap<string, (doing: Doing) => Words> = new Map<
  string,
  (doing: Doing) => Words
>([
  ["ENOENT", (doing) => [missing[doing], changes(doing) ? "make it first" : "check the path"]],
  [
    "ENOTDIR",
    (doing) =>
      doing === "list"
        ? ["this is a file", "give its folder"]
        : changes(doing)
          ? ["its folder is a file", "choose another folder"]
          : ["a folder of its path is a file", "check the path"],
  ],
  ["EISDIR", aFolder],
  ["ERR_FS_EISDIR", aFolder],
  ["EACCES", forbidden],
  ["EPERM", forbidden],
  [
    "EROFS",
    (doing) => [
      `cannot ${doing === "remove" ? "remove it on" : "write to"} a read-only file system`,
      "choose another folder",
    ],
  ],
  ["ENOSPC", () => full],
  ["EDQUOT", () => ["the disk quota is used up", "free some space"]],
  ["EFBIG", () => ["larger than its file system allows", "choose another folder"]],
  ["EMFILE", () => tooMany],
  ["ENFILE", () => tooMany],
  ["ELOOP", () => ["its links lead in a circle", "mend them or give another path"]],
  ["ENAMETOOLONG", () => ["the path is too long", "choose a shorter one"]],
  ["EBUSY", busy],
  ["ETXTBSY", busy],
  ["EEXIST", () => ["something is there already", "choose another name"]],
  ["ENOTEMPTY", () => ["this folder is not empty", "empty it or choose another"]],
  ["ENXIO", device],
  ["ENODEV", device],
  ["EIO", (doing) => [cannot[doing], "check the disk"]],
  ["ESTALE", (doing) => [cannot[doing], "check the network drive that it is on"]],
  ["ENOMEM", () => ["there is not enough memory", "close other programs"]],
  ["ERR_FS_FILE_TOO_LARGE", () => ["larger than 2 GiB", "give a smaller file"]],
  ["ERR_STRING_TOO_LONG", () => ["longer than any text can be", "give a smaller file"]],
  ["ERR_INVALID_ARG_VALUE", () => ["not a possible path", "check it"]],
]);

/** What went wrong, in a word if the system has one: its code, else its message. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  // What Node itself refuses before it asks the system: its code says nothing to anybody.
  if (code === "ERR_INVALID_ARG_VALUE") return "a character of code 0";
  return code ?? (error instanceof Error ? error.message : String(error));
}

export const codeOf = (error: unknown): string | undefined => {
  const code: unknown = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
};

/** The error to throw for what `cause` says of the file at `path`. */
export function fileError(path: string, doing: Doing, cause: unknown): Error {
  const code = codeOf(cause);
  const [what, advice] = words.get(code ?? "")?.(doing) ?? [
    cannot[doing],
    "check the path and the disk",
  ];
  const got = code === undefined ? brief(reasonOf(cause)) : reasonOf(cause);
  return new Error(`${printable(path)}: ${what}, got ${got}; ${advice}`, {
    cause,
  });
}

/** `act`, with what it rejects with in words. */
export const inWords = <T>(path: string, doing: Doing, act: Promise<T>): Promise<T> =>
  act.catch((error: unknown) => {
    throw fileError(path, doing, error);
  });
