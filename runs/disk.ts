/** Where the files of a run lie: a folder in Node, a browser's own storage, or memory. Names are paths within: "checkpoints/weight-1.safetensors". */

export interface Disk {
  /** What messages call a file. */
  where(name: string): string;
  exists(name: string): Promise<boolean>;
  /** All of a file; undefined where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Afterwards the file holds this, or, where that fails or the process dies, what it held before. */
  write(name: string, content: Uint8Array | string): Promise<void>;
  /** The names in a folder; none where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Removes a file, or a folder with all that is in it, if it is there. */
  remove(name: string): Promise<void>;
  /** Opens a file of whole lines to append to. */
  openLog(name: string): Promise<DiskLog>;
  /** Bytes as gzip has them. */
  gzip(bytes: Uint8Array): Promise<Uint8Array>;
}

/** One JSON object a line. */
export interface DiskLog {
  /** Written when it returns, so that a crash of the process loses no line. */
  append(record: object): void;
  /** Waits until the lines are on the disk. */
  sync(): void;
  close(): void;
}
