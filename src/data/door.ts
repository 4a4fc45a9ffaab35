/** How bytes come in: from a folder or a package in Node, by `fetch` in a browser. Loaders know no other way. */
export interface Door {
  /** The files at a place of the user's: a folder, or one file. */
  at(place: string): Promise<Files>;
  /** The files of an npm package that is installed beside the program, under `folder`. */
  package(name: string, folder: string): Promise<Files>;
  /** One file from the network, kept from then on. */
  download(file: Download, onProgress?: (received: number, total: number) => void): Promise<Files>;
  /** A file that lies beside the code. */
  asset(url: { readonly href: string }): Promise<Uint8Array>;
  /** A package whose modules are CommonJS, by path: an optional dependency. Throws as `require` does. */
  require(module: string): unknown;
  /** What was computed once, by a file name that says from what; undefined where it is not there (any more). */
  recall(name: string): Promise<Uint8Array | undefined>;
  /** Keeps it; where that cannot be, a warning is enough. */
  keep(name: string, bytes: Uint8Array): Promise<void>;
}

/** The files at one place; all promises say in full what is wrong, and where. */
export interface Files {
  /** Where they come from, for logs and reports. */
  readonly source: string;
  /** Names within, folders and all ("a/b.bin"); a folder that cannot be looked into stands for itself. */
  readonly names: readonly string[];
  /** What messages call one of them, or the place itself: "". */
  where(name: string): string;
  /** The bytes of one of them. */
  read(name: string): Promise<Uint8Array>;
}

/** A file in the network, and how to know that it is whole. */
export interface Download {
  readonly url: string;
  /** What it is called once it is here. */
  readonly name: string;
  /** In bytes. Servers need not tell it, and without it nobody knows whether a download is whole. */
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** The same where that is what its authors give; browsers cannot compute it. */
  readonly md5?: string;
}
