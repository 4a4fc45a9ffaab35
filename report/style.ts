/** The style sheet of the page: light, dark, on paper and on a phone. */
import { ARM_STYLE, FONT, INK } from "./theme.ts";

const colors = [...Object.values(INK), ...Object.values(ARM_STYLE)];

/** The figures name their colours as attributes, which any rule of a style sheet overrides. */
const darkFigures = colors
  .map(
    ({ color, dark }) =>
      `svg [fill="${color}"]{fill:${dark}}svg [stroke="${color}"]{stroke:${dark}}`,
  )
  .join("\n");

const inks = (scheme: "color" | "dark"): string =>
  Object.entries(INK)
    .map(([name, ink]) => `--${name}:${ink[scheme]};`)
    .join("");

const keys = (scheme: "color" | "dark"): string =>
  Object.entries(ARM_STYLE)
    .map(([arm, style]) => `.${arm.replace("+", "-and-")}{background:${style[scheme]}}`)
    .join("");

export const STYLE: string = `
:root{color-scheme:light dark;${inks("color")}}
${keys("color")}
body{margin:0;background:var(--paper);color:var(--text);font:16px/1.5 ${FONT}}
main{max-width:880px;margin:0 auto;padding:32px 20px 64px}
header p{max-width:68ch;margin:0 0 .5em}
.kicker{color:var(--quiet);font-size:14px}
h1{font-size:30px;line-height:1.2;font-weight:600;margin:0 0 .6em;text-wrap:balance}
h2{font-size:20px;font-weight:600;margin:44px 0 12px}
h3{font-size:15px;font-weight:600;margin:0 0 6px}
.scroll{overflow-x:auto}
svg{display:block;width:100%;height:auto;min-width:660px}
figure{margin:32px 0 0}
figcaption,.note{color:var(--quiet);font-size:14px;max-width:80ch;margin-top:8px}
figcaption strong{color:var(--text);font-weight:600}
table{border-collapse:collapse;width:100%;font-size:15px;font-variant-numeric:tabular-nums}
th,td{padding:5px 0 5px 20px;text-align:right;white-space:nowrap;font-weight:400;border-bottom:1px solid var(--grid)}
thead th{color:var(--quiet);font-size:14px;border-bottom-color:var(--axis);white-space:normal;vertical-align:bottom;text-wrap:balance}
.narrow{width:auto}
th:first-child{text-align:left;padding-left:0}
.best{font-weight:600}
.key{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:8px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.pictures{display:flex;flex-wrap:wrap;gap:20px;margin:8px 0 28px}
.picture{margin:0;flex:1 1 300px;max-width:max-content}
.picture img{display:block;max-width:100%;border-radius:3px}
pre{background:var(--grid);border-radius:4px;padding:10px 14px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:14px}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:28px 40px;margin-top:28px}
.columns>div>div+div{margin-top:28px}
dl{display:grid;grid-template-columns:minmax(110px,auto) 1fr;gap:3px 16px;margin:0;font-size:14px}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:break-word;min-width:0}
ul{margin:0;padding-left:20px;font-size:14px;max-width:80ch}
.text{white-space:normal;text-align:left;min-width:260px}
.baseline th,.baseline td{color:var(--quiet)}
@media (max-width:600px){main{padding-top:20px}h1{font-size:24px}.columns{grid-template-columns:1fr}}
@media screen and (prefers-color-scheme:dark){
:root{${inks("dark")}}
${keys("dark")}
${darkFigures}
}
@media print{
@page{margin:15mm}
main{max-width:none;padding:0}
body{font-size:11pt}
svg{min-width:0}
.scroll{overflow:visible}
figure,table,.columns>div{break-inside:avoid}
h2,h3{break-after:avoid}
pre{white-space:pre-wrap;border:1px solid var(--grid)}
}
`;
