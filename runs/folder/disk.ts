/** A folder as a disk. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  listFolder,
  makeOwnFolder,
  openLog,
  readBytes,
  writeFileAtomic,
} from "../../src/node/index.ts";
import type { Disk } from "../disk.ts";

export function folderDisk(dir: string): Disk {
  const at = (name: string): string => join(dir, name);
  return {
    where: at,
    exists: (name) => Promise.resolve(existsSync(at(name))),
    read: (name) => (existsSync(at(name)) ? readBytes(at(name)) : Promise.resolve(undefined)),
    async write(name, content) {
      if (dirname(name) !== ".") await makeOwnFolder(at(dirname(name)));
      await writeFileAtomic(at(name), content);
    },
    list: (folder) => listFolder(at(folder)).catch(() => []),
    remove: (name) => rm(at(name), { recursive: true, force: true }),
    openLog: async (name) => {
      const log = await openLog(at(name));
      return { ...log, append: (record) => log.append({ ...record }) };
    },
    gzip: (bytes) => promisify(gzip)(bytes, { level: 1 }), // a replay memory is large, and soon replaced
  };
}
