/** The figure of a diagnosis: what three quantities are layer by layer in w and in v, at each moment; below, how |v| grows. */
import type { Arm, Diagnosis } from "../runs/records.ts";
import { hasLogarithm, logAxis, type Axis } from "./axis.ts";
import { COLUMNS, GAP, growthPanels, SIZE, titleOf } from "./diagnosis-growth.ts";
import { QUANTITIES, type Place, type Quantity } from "./diagnosis-quantities.ts";
import { INNER_WIDTH, LEGEND_HEIGHT, ONE_ROW, QUIET, type Panel } from "./marks.ts";
import { drawUnder, scaleAndAxis } from "./panels.ts";
import { ARM_STYLE, INK } from "./theme.ts";

/** The width of a layer on its axis that its marks take. */
const SPREAD = 0.66;
/** Half the width of a layer. */
const SEGMENT = 0.42;
const LONGEST_NAME = 8;
const NOISE_DASH = [3, 3];

/** In the order of a run; one arm may lack what another has. */
const MOMENTS = ["start", "after one epoch", "checkpoint"];

/** As SVG. */
export function diagnosisFigure(diagnosis: Diagnosis): Promise<string> {
  const { arms, growth } = diagnosis;
  const there = new Set(arms.flatMap(({ moments }) => moments.map(({ name }) => name)));
  const names = MOMENTS.filter((name) => there.has(name));
  let letter = 0;
  const title = (text: string): string =>
    `${String.fromCharCode(97 + (letter++ % 26))}\u2002${text}`;
  const lists = QUANTITIES.flatMap((quantity) => {
    const all = names.map((name) => marksOf(diagnosis, name, quantity));
    const y = axisOf(quantity, all.flat(), diagnosis);
    return Array.from({ length: COLUMNS }, (_, i) =>
      i < names.length
        ? layersPanel(title(`${quantity.title}, ${shortly(names[i])}`), all[i], {
            ...{ diagnosis, moment: names[i], quantity, y: i === 0 ? y : { ...y, title: "" } },
          })
        : nothing(),
    );
  });
  const rows = growth ? growthPanels(growth, title) : [];
  return drawUnder(legendOf(diagnosis), [...lists, ...rows], {
    ...{ height: SIZE.height, columns: COLUMNS, gap: GAP },
  });
}

const shortly = (moment: string): string =>
  moment === "start" || moment === "checkpoint" ? `at the ${moment}` : moment;

/** One unit, or what noise would be, of a layer. */
interface LayerMark {
  readonly x: number;
  readonly y: number;
  readonly arm: Arm;
  readonly place: Place;
}
function marksOf(
  { arms }: Pick<Diagnosis, "arms">,
  moment: string,
  quantity: Quantity,
): readonly LayerMark[] {
  const shown = quantity.of.length * arms.length;
  const names = namesOf({ arms });
  return arms.flatMap(({ arm, moments }, a) =>
    (moments.find(({ name }) => name === moment)?.layers ?? []).flatMap((layer) =>
      quantity.of.flatMap((place, p) =>
        layer.chosen.flatMap((unit): readonly LayerMark[] => {
          const y = quantity.value(unit, place);
          const offset = shown === 1 ? 0 : (a * quantity.of.length + p) / (shown - 1) - 0.5;
          const x = names.indexOf(layer.layer) + 1 + SPREAD * offset;
          return y === null ? [] : [{ arm, place, x, y }];
        }),
      ),
    ),
  );
}

/** What chance alone would give is in reach, too. */
const axisOf = (quantity: Quantity, marks: readonly LayerMark[], diagnosis: Diagnosis): Axis =>
  logAxis(
    quantity.unit,
    [
      ...marks.map(({ y }) => y),
      ...diagnosis.arms.flatMap(({ moments }) =>
        moments.flatMap(({ layers }) => layers.map((layer) => quantity.chance(layer))),
      ),
    ],
    { most: 5 },
  );

/** Those of all arms: one may have taken the weights of a layer that another has not. */
const namesOf = ({ arms }: Pick<Diagnosis, "arms">): readonly string[] => [
  ...new Set(arms.flatMap(({ moments: [{ layers }] }) => layers.map(({ layer }) => layer))),
];

/** What chance makes of each layer, below the marks of each arm. */
function chancesOf(
  { arms }: Diagnosis,
  moment: string,
  quantity: Quantity,
): readonly { readonly x: number; readonly x2: number; readonly y: number }[] {
  const names = namesOf({ arms });
  const width = (2 * SEGMENT) / arms.length;
  return arms.flatMap(({ moments }, a) =>
    (moments.find(({ name }) => name === moment)?.layers ?? []).flatMap((layer) => {
      const y = quantity.chance(layer);
      const x = names.indexOf(layer.layer) + 1 - SEGMENT + a * width;
      return hasLogarithm(y) ? [{ x, x2: x + width, y }] : [];
    }),
  );
}

/** Whether there is room for all of them below an axis. */
const areShort = (names: readonly string[]): boolean =>
  names.every((name) => name.length <= LONGEST_NAME);

function layersPanel(
  title: string,
  marks: readonly LayerMark[],
  {
    diagnosis,
    moment,
    quantity,
    y,
  }: {
    readonly diagnosis: Diagnosis;
    readonly moment: string;
    readonly quantity: Quantity;
    readonly y: Axis;
  },
): Panel {
  const layers = namesOf(diagnosis);
  const x: Axis = {
    ...{ title: "layer", type: "linear", domain: [0.4, layers.length + 0.6] },
    ticks: layers.map((_, i) => i + 1),
    labels: areShort(layers) ? layers : layers.map((_, i) => String(i + 1)),
  };
  const encoding = {
    x: { field: "x", type: "quantitative", ...scaleAndAxis(x, false) },
    y: { field: "y", type: "quantitative", ...scaleAndAxis(y, true) },
  };
  const kinds = [...new Set(marks.map(({ arm, place }) => `${arm} ${place}`))];
  return {
    ...SIZE,
    // A distance of 0, which is less than chance, lies at the edge.
    data: { values: marks.map((mark) => ({ ...mark, y: Math.max(mark.y, y.domain[0]) })) },
    layer: [
      {
        data: {
          values: chancesOf(diagnosis, moment, quantity),
        },
        mark: { type: "rule", color: INK.quiet.color, strokeDash: NOISE_DASH },
        encoding: { ...encoding, x2: { field: "x2" } },
      },
      ...kinds.map((kind) => {
        const [arm, place] = kind.split(" ") as [Arm, Place];
        return {
          transform: [{ filter: `datum.arm === '${arm}' && datum.place === '${place}'` }],
          mark: markOf(arm, place),
          encoding,
        };
      }),
      titleOf(title),
    ],
  };
}

/** Filled in w, open in v. */
function markOf(arm: Arm, place: Place): object {
  const { color, shape, size } = ARM_STYLE[arm];
  const isOpen = place === "v";
  return {
    ...{ type: "point", shape, size: 0.7 * size, strokeWidth: isOpen ? 1.1 : 0.6, opacity: 1 },
    fill: isOpen ? INK.paper.color : color,
    stroke: isOpen ? color : INK.paper.color,
  };
}

const nothing = (): Panel => ({
  ...SIZE,
  data: ONE_ROW,
  mark: { type: "text" },
  encoding: { text: { value: "" } },
});

/** A mark for w and one for v of each arm, and the dashed line; below them layers by number, where they have long names. */
function legendOf(diagnosis: Diagnosis): Panel {
  const { arms } = diagnosis;
  const y = { value: LEGEND_HEIGHT / 2 };
  let left = 6;
  const text = (label: string, x: number): Panel => ({
    data: ONE_ROW,
    mark: { type: "text", align: "left", baseline: "middle", fontSize: 12 },
    encoding: { x: { value: x }, y, text: { value: label } },
  });
  const entries = arms.flatMap(({ arm, moments }) => {
    const normalized = moments[0].layers.some((layer) => layer.normalized);
    return (["w", "v"] as const).flatMap((place) => {
      const label = `${arm}, ${place === "w" ? "w" : normalized ? "v" : "w with w projected out"}`;
      const at = left;
      left += 12 + 6.4 * label.length + 24;
      return [
        { data: ONE_ROW, mark: markOf(arm, place), encoding: { x: { value: at }, y } },
        text(label, at + 10),
      ];
    });
  });
  const line = {
    data: ONE_ROW,
    mark: { type: "rule", color: INK.quiet.color, strokeDash: NOISE_DASH },
    encoding: { x: { value: left }, x2: { value: left + 26 }, y },
  };
  const names = namesOf(diagnosis);
  const key = names.map((name, i) => `${i + 1} ${name}`).join(", ");
  const layers = {
    data: ONE_ROW,
    mark: { type: "text", align: "left", baseline: "middle", ...QUIET },
    encoding: {
      x: { value: 0 },
      y: { value: LEGEND_HEIGHT + 7 },
      text: { value: `layers: ${key}` },
    },
  };
  return {
    ...{ width: INNER_WIDTH, height: LEGEND_HEIGHT },
    layer: [
      ...[...entries, line, text("what chance alone would give", left + 33)],
      ...(areShort(names) ? [] : [layers]),
    ],
  };
}
