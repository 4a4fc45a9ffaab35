/** A panel that is drawn in a task of its own. */
import { Chart, type ChartProps } from "../shared/chart.tsx";
import { useLater } from "./later.ts";

export function LaterChart({ pane }: { readonly pane: ChartProps }) {
  const shown = useLater(pane);
  return shown ? (
    <Chart {...shown} />
  ) : (
    <div class={pane.small ? "chart to-come small" : "chart to-come"} />
  );
}
