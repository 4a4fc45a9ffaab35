/** Floats of two bytes as numbers: what files hold and JavaScript has no array for. */

/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/** bfloat16, the upper half of a float32. */
export const bfloat = (bits: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(bits, (x) => x << 16).buffer);
