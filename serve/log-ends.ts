/** Both ends of a log, whose middle may be long: its first line, and its lines from the last one backwards. */
import { open } from "node:fs/promises";
import { parseLog, type LogRecord } from "../src/node/index.ts";

const PIECE = 65_536;
/** Bytes of a line: what hundreds of runs are called, and how their numbers are read, takes some hundred thousands. */
const MOST_LINE = 4 * 2 ** 20;
/** Bytes from the end: what several runs in turns leave in one turn each. */
const MOST_BACK = 2 ** 20;

/** Calls `on` with the first record, then with records from the last one backwards until it says that these are enough. */
export async function readEnds(
  path: string,
  on: (record: LogRecord) => "enough" | undefined,
): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const piece = async (from: number, to: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
      return buffer.subarray(0, bytesRead);
    };
    for (let length = Math.min(size, PIECE / 4); ; length = Math.min(size, 4 * length)) {
      const start = await piece(0, length);
      const end = start.indexOf(0x0a);
      if (end < 0 && length < size && length < MOST_LINE) continue;
      for (const record of parseLog(start.subarray(0, Math.max(0, end))).records) on(record);
      break;
    }
    let rest: Buffer = Buffer.alloc(0); // the end of a line whose start is in the piece before
    for (let to = size; to > 0 && size - to < MOST_BACK; to = Math.max(0, to - PIECE)) {
      const from = Math.max(0, to - PIECE);
      const bytes = Buffer.concat([await piece(from, to), rest]);
      const start = from === 0 ? 0 : bytes.indexOf(0x0a) + 1 || bytes.length;
      rest = bytes.subarray(0, start);
      for (const record of parseLog(bytes.subarray(start)).records.toReversed())
        if (on(record) === "enough") return;
    }
  } finally {
    await file.close();
  }
}
