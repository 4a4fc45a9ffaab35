/** MD5 (RFC 1321), by which cartridges are known; written here because it must not depend on where it runs. */

/** In hexadecimal. */
export function md5(bytes: Uint8Array): string {
  const padded = new Uint8Array(64 * Math.ceil((bytes.length + 9) / 64));
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setBigUint64(padded.length - 8, 8n * BigInt(bytes.length), true);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < padded.length; block += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const { mix, word, turns } = rounds[i >> 4];
      const sum = a + mix(b, c, d) + sines[i] + words.getUint32(block + 4 * (word(i) & 15), true);
      const turn = turns[i & 3];
      [a, d, c] = [d, c, b];
      b = (b + ((sum << turn) | ((sum >>> 0) >>> (32 - turn)))) | 0;
    }
    for (const [i, x] of [a, b, c, d].entries()) state[i] += x;
  }
  return [...new Uint8Array(state.buffer)].map((x) => x.toString(16).padStart(2, "0")).join("");
}

const sines = Array.from({ length: 64 }, (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))));

interface Round {
  readonly mix: (b: number, c: number, d: number) => number;
  readonly word: (i: number) => number;
  readonly turns: readonly number[];
}
const rounds: readonly Round[] = [
  { mix: (b, c, d) => (b & c) | (~b & d), word: (i) => i, turns: [7, 12, 17, 22] },
  { mix: (b, c, d) => (d & b) | (~d & c), word: (i) => 5 * i + 1, turns: [5, 9, 14, 20] },
  { mix: (b, c, d) => b ^ c ^ d, word: (i) => 3 * i + 5, turns: [4, 11, 16, 23] },
  { mix: (b, c, d) => c ^ (b | ~d), word: (i) => 7 * i, turns: [6, 10, 15, 21] },
];
