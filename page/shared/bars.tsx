/** Shares or values as bars with their numbers, the largest in bold. */
interface BarsProps {
  readonly names: readonly string[];
  readonly values: readonly number[];
  /** What they are of. */
  readonly label: string;
  readonly text: (value: number) => string;
  /** Which one is to be seen, where it is not the largest. */
  readonly chosen?: number | undefined;
  /** What a full bar stands for (default 1); values below 0 have none. */
  readonly most?: number;
}

export function Bars({ names, values, label, text, chosen, most = 1 }: BarsProps) {
  const top = chosen ?? values.indexOf(Math.max(...values));
  return (
    <table class="bars">
      <caption class="unseen">{label}</caption>
      <tbody>
        {names.map((name, i) => (
          <tr key={name} class={i === top ? "top-bar" : ""}>
            <th scope="row">{name}</th>
            <td class="bar">
              <span class="bar-rail" aria-hidden="true">
                <span style={{ width: `${100 * share(values[i], most)}%` }} />
              </span>
            </td>
            <td>{text(values[i])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const share = (value: number, most: number): number =>
  most > 0 && Number.isFinite(value) ? Math.min(1, Math.max(0, value / most)) : 0;
