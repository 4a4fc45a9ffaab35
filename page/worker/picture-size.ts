/** How large a picture is by the first bytes of its file: to be known before it is decoded, as few bytes can stand for many pixels. */

interface Size {
  readonly width: number;
  readonly height: number;
}

/** In pixels, as they lie in the file; throws for what is no JPEG, PNG or WebP. */
export function sizeIn(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const size = pngSize(view) ?? webpSize(view) ?? jpegSize(view);
    if (size) return size;
  } catch (error) {
    if (error instanceof RangeError) throw new Error("a file that ends early", { cause: error });
    throw error;
  }
  throw new Error("another format");
}

const tag = (view: DataView, at: number): string =>
  view.byteLength < at + 4
    ? ""
    : String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

function pngSize(view: DataView): Size | undefined {
  if (tag(view, 0) !== "\x89PNG") return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function webpSize(view: DataView): Size | undefined {
  if (tag(view, 0) !== "RIFF" || tag(view, 8) !== "WEBP") return undefined;
  const three = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
  switch (tag(view, 12)) {
    case "VP8X":
      return { width: three(24) + 1, height: three(27) + 1 };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8 ":
      return {
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      };
    default:
      return undefined;
  }
}

/** From marker to marker up to the one that begins a frame. */
function jpegSize(view: DataView): Size | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    while (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xff) at++; // filling
    const marker = view.getUint16(at);
    if (marker < 0xffc0 || marker === 0xffd9 || marker === 0xffda) return undefined; // pixels, and no frame for them
    const isFrame = marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
}
