/** Decompressing what may be anything: whole, damaged, or far larger than it should be. */
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { gunzip } from "../../src/data/gzip.ts";

const message = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => "no error",
    (error: unknown) => (error as Error).message,
  );
const zeros = (size: number): Uint8Array => gzipSync(new Uint8Array(size), { level: 1 });

test("gives back what was compressed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 100 }),
      fc.integer({ min: 1, max: 2000 }),
      async (part, times) => {
        const bytes = Uint8Array.from(
          { length: part.length * times },
          (_, i) => part[i % part.length],
        );
        expect(await gunzip(gzipSync(bytes), { where: "f", most: bytes.length })).toEqual(bytes);
      },
    ),
    { numRuns: 30 },
  );
});

test("has no more room than it needs, so that its buffer may be read as a whole", async () => {
  const twice = Buffer.concat([zeros(50_000), zeros(70_000)]); // whose end speaks of the second alone
  const bytes = await gunzip(twice, { where: "f", most: 1e9 });
  expect([bytes.length, bytes.buffer.byteLength]).toEqual([120_000, 120_000]);
});

test("goes no further than it may", async () => {
  const bomb = zeros(200_000_000);
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }, 1);
  expect(
    await message(gunzip(bomb, { where: "images.gz", most: 1_000_000 })),
  ).toMatchInlineSnapshot(
    `"images.gz: expected at most 1000000 bytes, got more when decompressing; replace it with an intact copy"`,
  );
  clearInterval(watch);
  expect(peak).toBeLessThan(20_000_000);
});

test("learns from the first bytes how far it may go, or that there is no reason to", async () => {
  const bytes = new Uint8Array(10_000).fill(7);
  const seen: Uint8Array[] = [];
  const most = (start: Uint8Array): number => {
    seen.push(start);
    return 9000;
  };
  expect(await message(gunzip(gzipSync(bytes), { where: "f", most }))).toBe(
    "f: expected at most 9000 bytes, got more when decompressing; replace it with an intact copy",
  );
  expect(await message(gunzip(gzipSync(bytes.subarray(0, 10)), { where: "f", most }))).toBe(
    "no error",
  );
  expect(seen).toHaveLength(2);
  expect(seen[0].length).toBeGreaterThanOrEqual(4096);
  expect(seen[1]).toEqual(bytes.subarray(0, 10));
  const refuse = (): number => {
    throw new Error("not one of ours");
  };
  expect(await message(gunzip(zeros(100_000_000), { where: "f", most: refuse }))).toBe(
    "not one of ours",
  );
});

test("says what is wrong with what is not gzip, or not whole", async () => {
  const whole = gzipSync(Uint8Array.from({ length: 1000 }, (_, i) => (i * i) >> 3));
  const given = (bytes: Uint8Array): Promise<string> =>
    message(gunzip(bytes, { where: "images.gz", most: 1000 }));
  expect(await given(whole)).toBe("no error");
  expect(await given(new Uint8Array())).toMatchInlineSnapshot(
    `"images.gz: expected gzip-compressed data, got an empty file; check that it is the right file"`,
  );
  expect(await given(Uint8Array.of(0x50, 0x4b, 3, 4))).toMatchInlineSnapshot(
    `"images.gz: expected gzip-compressed data, got first bytes 50 4b instead of 1f 8b; check that it is the right file"`,
  );
  const damaged =
    "images.gz: cannot decompress, got damaged or truncated gzip data; replace it with an intact copy";
  for (let n = 2; n < whole.length; n += 7) expect(await given(whole.subarray(0, n))).toBe(damaged);
  expect(await given(whole.with(whole.length - 6, whole[whole.length - 6] ^ 1))).toBe(damaged);
  expect(await given(new Uint8Array([...whole, 1, 2, 3]))).toBe(damaged);
});
