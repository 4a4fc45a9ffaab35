/** A disk in memory: where a browser keeps nothing, and for tests. */
import type { Disk } from "./disk.ts";

/** What another one is given lies on it already, as on a disk that outlives a process. */
export function memoryDisk(files: Map<string, Uint8Array> = new Map()): Disk {
  const bytesOf = (content: Uint8Array | string): Uint8Array =>
    typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
  return {
    where: (name) => name,
    exists: (name) => Promise.resolve(files.has(name)),
    read: (name) => Promise.resolve(files.get(name)?.slice()),
    write: (name, content) => Promise.resolve(void files.set(name, bytesOf(content))),
    list: (folder) =>
      Promise.resolve(
        [...files.keys()].flatMap((name) =>
          name.startsWith(`${folder}/`) ? [name.slice(folder.length + 1)] : [],
        ),
      ),
    remove(name) {
      for (const file of files.keys())
        if (file === name || file.startsWith(`${name}/`)) files.delete(file);
      return Promise.resolve();
    },
    openLog: (name) =>
      Promise.resolve({
        append(record) {
          const before = files.get(name) ?? new Uint8Array();
          const line = bytesOf(`${JSON.stringify(record)}\n`);
          const all = new Uint8Array(before.length + line.length);
          all.set(before);
          all.set(line, before.length);
          files.set(name, all);
        },
        sync: () => undefined,
        close: () => undefined,
      }),
    gzip: (bytes) => zipped(bytes),
  };
}

/** Bytes as gzip has them, by what browsers and Node have in common. */
export async function zipped(bytes: Uint8Array): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  const [packed] = await Promise.all([new Response(readable).arrayBuffer(), written]);
  return new Uint8Array(packed);
}
