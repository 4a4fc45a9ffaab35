/** SVG -> PNG, with fonts from a package: a fresh machine may have none, and the picture is the same on every machine. */
import { createRequire } from "node:module";
import { renderAsync } from "@resvg/resvg-js";

const FONTS = ["400Regular", "600SemiBold"];
/** Pixels for each CSS pixel: sharp on a high-density screen and in print. */
const SCALE = 2;

/** The bytes of a PNG of twice the SVG's size. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const require = createRequire(import.meta.url);
  const fontFiles = FONTS.map((font) =>
    require.resolve(`@expo-google-fonts/source-sans-3/${font}/SourceSans3_${font}.ttf`),
  );
  const family = "Source Sans 3";
  const image = await renderAsync(svg, {
    fitTo: { mode: "zoom", value: SCALE },
    font: {
      loadSystemFonts: false,
      fontFiles,
      defaultFontFamily: family,
      sansSerifFamily: family,
    },
  });
  return image.asPng();
}
