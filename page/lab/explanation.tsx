/** What it is all about, in place: g and v, the five arms, where training starts, and why the effective step matters. */
import type { ComponentChildren } from "preact";
import { ARMS, type Arm } from "../../runs/records.ts";
import { ArmName } from "../shared/arm.tsx";
import { Gradients, Initialization, Weight } from "./equations.tsx";

const SENTENCES: Readonly<Record<Arm, ComponentChildren>> = {
  plain: (
    <>
      Learns <b>w</b> itself. What everything else is measured against.
    </>
  ),
  weight: (
    <>
      Weight normalization: learns the length <i>g</i> and the direction <b>v</b> of every weight
      vector apart, as above.
    </>
  ),
  batch: (
    <>
      Batch normalization: from what a unit computes takes the mean over the minibatch, divides by
      its standard deviation, then scales and shifts by two learned numbers. Examples of a batch
      depend on each other.
    </>
  ),
  "mean-only": (
    <>
      Mean-only batch normalization: subtracts the mean over the minibatch and leaves the scale
      alone. Cheaper, and with gentler noise.
    </>
  ),
  "weight+mean-only": (
    <>Both: lengths and directions apart, and the mean over the minibatch subtracted.</>
  ),
};

export const Explanation = ({ arms = ARMS }: { readonly arms?: readonly Arm[] | undefined }) => (
  <section class="explanation" id="explanation" aria-labelledby="explanation-title" tabIndex={-1}>
    <h2 id="explanation-title">What is raced here</h2>
    <div class="explanation-columns">
      <div>
        <h3>A length and a direction</h3>
        <p>
          A unit of a network weighs its inputs by a vector <b>w</b>. Weight normalization writes it
          as
        </p>
        <Weight />
        <p>
          so that the number <i>g</i> is its length and <b>v</b>, of any length, only its direction;
          both are learned instead of <b>w</b>. The network can compute nothing that it could not
          before. Only the way to it changes, as the gradients are others:
        </p>
        <Gradients />
        <p>
          What <b>v</b> gets is the gradient of <b>w</b>, scaled, without its part along <b>v</b>:
          it stands at right angles to <b>v</b>.
        </p>
      </div>
      <div>
        <h3>Why the effective step matters</h3>
        <p>
          A step at right angles makes <b>v</b> longer, never shorter (with plain gradient descent;
          with Adam roughly). And a longer <b>v</b> turns less: its direction moves by about{" "}
          <i>lr</i>/|<b>v</b>|² for a gradient of fixed direction. So where gradients are large and
          noisy |<b>v</b>| grows until the steps fit, and a learning rate that is too large does
          less harm. Watch both under <a href="#layers-title">Inside the layers</a>.
        </p>
        <h3>Where it starts</h3>
        <p>
          <b>v</b> is drawn at random. Then one batch goes through the network and sets every unit's{" "}
          <i>g</i> and <i>b</i>, so that what it computes has mean 0 and variance 1 there:
        </p>
        <Initialization />
        <p>
          All arms but batch, which normalizes by itself, start so, from the same draw and the same
          batch: they are the same function at step 0.
        </p>
      </div>
      <div>
        <h3>The five arms</h3>
        <dl class="arm-list">
          {ARMS.map((arm) => (
            <div key={arm} class={arms.includes(arm) ? "" : "not-racing"}>
              <dt>
                <ArmName arm={arm} />
              </dt>
              <dd>{SENTENCES[arm]}</dd>
            </div>
          ))}
        </dl>
        <p class="note">
          From Salimans and Kingma,{" "}
          <a href="https://arxiv.org/abs/1602.07868">
            Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural
            Networks
          </a>{" "}
          (2016); equations 2, 3, 5 and 6.
        </p>
      </div>
    </div>
  </section>
);
