/** The paper's equations, as MathML, which browsers set themselves. */
import type { ComponentChildren } from "preact";

interface Parts {
  readonly children: ComponentChildren;
}
const Display = ({ children, of }: Parts & { readonly of: string }) => (
  <math display="block" aria-label={of}>
    <mrow>{children}</mrow>
  </math>
);
const B = ({ children }: Parts) => <mi class="vector">{children}</mi>;
const Norm = () => (
  <mrow>
    <mo stretchy={false}>‖</mo>
    <B>v</B>
    <mo stretchy={false}>‖</mo>
  </mrow>
);
/** What a statistic is of. */
const OfT = ({ name }: { readonly name: string }) => (
  <mrow>
    <mi>{name}</mi>
    <mo stretchy={false}>[</mo>
    <mi>t</mi>
    <mo stretchy={false}>]</mo>
  </mrow>
);
const Nabla = ({ by }: { readonly by: "w" | "v" | "g" }) => (
  <mrow>
    <msub>
      <mo>∇</mo>
      {by === "g" ? <mi>g</mi> : <B>{by}</B>}
    </msub>
    <mi>L</mi>
  </mrow>
);

/** Equation 2. */
export const Weight = () => (
  <Display of="w equals g over the norm of v, times v">
    <B>w</B>
    <mo>=</mo>
    <mfrac>
      <mi>g</mi>
      <Norm />
    </mfrac>
    <B>v</B>
  </Display>
);

/** Equation 3. */
export const Gradients = () => (
  <>
    <Display of="gradient of g equals the gradient of w dot v, over the norm of v">
      <Nabla by="g" />
      <mo>=</mo>
      <mfrac>
        <mrow>
          <Nabla by="w" />
          <mo>·</mo>
          <B>v</B>
        </mrow>
        <Norm />
      </mfrac>
    </Display>
    <Display of="gradient of v equals g over the norm of v times the gradient of w, minus g times the gradient of g over the squared norm of v, times v">
      <Nabla by="v" />
      <mo>=</mo>
      <mfrac>
        <mi>g</mi>
        <Norm />
      </mfrac>
      <Nabla by="w" />
      <mo>−</mo>
      <mfrac>
        <mrow>
          <mi>g</mi>
          <Nabla by="g" />
        </mrow>
        <msup>
          <Norm />
          <mn>2</mn>
        </msup>
      </mfrac>
      <B>v</B>
    </Display>
  </>
);

/** Equations 5 and 6. */
export const Initialization = () => (
  <Display of="t equals v dot x over the norm of v; g becomes 1 over sigma of t; b becomes minus mu of t over sigma of t">
    <mi>t</mi>
    <mo>=</mo>
    <mfrac>
      <mrow>
        <B>v</B>
        <mo>·</mo>
        <B>x</B>
      </mrow>
      <Norm />
    </mfrac>
    <mspace width="1.5em" />
    <mi>g</mi>
    <mo>←</mo>
    <mfrac>
      <mn>1</mn>
      <OfT name="σ" />
    </mfrac>
    <mspace width="1.5em" />
    <mi>b</mi>
    <mo>←</mo>
    <mfrac>
      <mrow>
        <mo>−</mo>
        <OfT name="μ" />
      </mrow>
      <OfT name="σ" />
    </mfrac>
  </Display>
);
