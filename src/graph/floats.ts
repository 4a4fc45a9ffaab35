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

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** The bits of the float of so many bits of exponent and fraction that is nearest to x, of two the even one. */
export function narrowed(x: number, exponentBits: number, fractionBits: number): number {
  double[0] = x;
  const sign = words[1] >>> 31 === 1 ? 1 << (exponentBits + fractionBits) : 0;
  const infinity = ((1 << exponentBits) - 1) << fractionBits;
  if (Number.isNaN(x)) return infinity | (1 << (fractionBits - 1));
  const least = 2 - (1 << (exponentBits - 1)); // of a normal one
  const exponent = Math.max(((words[1] >>> 20) & 2047) - 1023, least);
  if (exponent > 1 - least) return sign | infinity;
  const scaled = Math.abs(x) / 2 ** (exponent - fractionBits); // exact: a power of two
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0;
  // A subnormal one has exponent 0, and a carry goes into the exponent, as it should.
  return sign | Math.min(((exponent - least) << fractionBits) + floor + up, infinity);
}

/** The bits of the half that is nearest to x. */
export const halfOf = (x: number): number => narrowed(x, 5, 10);
