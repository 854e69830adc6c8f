// Text: what published claims about the memory of latent attention mean. Every figure is computed in place.

import { logScale } from '../../chart/axis-scale.ts'
import { LineChart } from '../../chart/line-chart.tsx'
import type { ChartSeries, SeriesStyle } from '../../chart/series.ts'
import { formatCount } from '../../shared/format.ts'
import { CACHE_STYLES } from '../state/cache-styles.ts'
import * as claims from '../state/claims.ts'
import { shownResults } from '../state/compared-results.ts'
import { compareLatentWithStandard } from '../state/result-figures.ts'

const { CLAIMED_RANGE, LATENT_FRACTIONS } = claims

export function Claims() {
  return (
    <section class="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">What is true of “93.3 %”, “5–13 %”, “7.5–20 times”</h2>
      <p class="lead">
        Such figures compare one thing with another and rarely say which. Here they are worked out with the
        functions of the calculator above.
      </p>
      <div class="claims-body">
        <div class="words-of">
          <DeployedClaim />
          <RangeClaim />
          <FactorClaim />
        </div>
        <FractionChart />
      </div>
    </section>
  )
}

function DeployedClaim() {
  const { v2Against67B, v2Against67BEqual, v2AgainstItself, smallPair, largePair } = claims
  const heads = LATENT_FRACTIONS.find(({ name }) => name === 'V2')?.heads
  return (
    <article>
      <h3>“93.3 % less”: true of two products, not of an architecture</h3>
      <p>
        DeepSeek-V2’s paper compares V2 as deployed with the company’s older 67B model. V2 stored its cache in
        6 bits on average, {formatKilobytes(v2Against67B.bytes)} per token; the 67B, which already shares keys
        and values in 8 groups, stored {formatKilobytes(v2Against67B.baselineBytes)} in 16 bits. That is{' '}
        <b>{formatPercent(1 - v2Against67B.fraction)} less</b>. With 16 bits on both sides it is{' '}
        <b>{formatPercent(1 - v2Against67BEqual.fraction)} less</b>.
      </p>
      <p>
        Against standard attention with V2’s own {heads} heads it is more:{' '}
        <b>{formatPercent(1 - v2AgainstItself.fraction)} less</b>. The paper’s like-for-like table says 14 %
        and 4 % of standard attention for a small and a large model; counted here:{' '}
        {formatPercent(smallPair.fraction)} ({formatCount(smallPair.elements)} of{' '}
        {formatCount(smallPair.against)} numbers) and {formatPercent(largePair.fraction)} (
        {formatCount(largePair.elements)} of {formatCount(largePair.against)}).
      </p>
    </article>
  )
}

function RangeClaim() {
  const headCounts = claims.headCountsWithinClaim('standard')
  const paper = claims.headCountsWithinClaim('paper')
  const inside = LATENT_FRACTIONS.filter((model) => claims.withinClaim(model.ownWidths))
  const below = LATENT_FRACTIONS.filter((model) => model.ownWidths < CLAIMED_RANGE.min)
  const list = (models: typeof LATENT_FRACTIONS) =>
    models.map((model) => `${model.title} (${formatPercent(model.ownWidths)})`).join(', ')
  return (
    <article>
      <h3>“5–13 % of standard attention”: right for small models only</h3>
      <p>
        We found this range in no primary source. It is what the formula gives for a medium number of heads:
        all heads share one latent of the same size, so its fraction falls as heads are added. With DeepSeek’s
        widths it holds from {headCounts.min} to {headCounts.max} heads, or from {paper.min} to {paper.max} if
        keys are counted as narrow as values.
      </p>
      <p>
        Within it: {list(inside)}. Below it, so better than claimed: {list(below)}.
      </p>
      <MeasuredHere />
    </article>
  )
}

/** The same fraction for results measured on this page. */
function MeasuredHere() {
  const texts = shownResults.value.flatMap(({ letter, result }) => {
    const summary = compareLatentWithStandard(result)
    if (!summary) return []
    const { model } = result
    const fraction = 1 / summary.less
    const verdict = claims.withinClaim(fraction)
      ? 'within the range'
      : fraction < CLAIMED_RANGE.min
        ? 'below it'
        : 'above it'
    return [
      `${letter}, ${model.name} with ${model.heads} heads: ${formatPercent(fraction)}, which is ${verdict}`,
    ]
  })
  return texts.length === 0 ? null : <p>Measured on this page: {texts.join('; ')}.</p>
}

function FactorClaim() {
  const { v3AgainstLlama, EQUAL_GROUPS } = claims
  const factors = LATENT_FRACTIONS.map(({ ownWidths }) => 1 / ownWidths).sort((a, b) => a - b)
  const { min, max } = CLAIMED_RANGE
  return (
    <article>
      <h3>“7.5 to 20 times less”: depends on what it replaces</h3>
      <p>
        The same range as a factor: {(1 / max).toFixed(1)} to {(1 / min).toFixed(0)} times. Compared with
        standard attention with the same heads, today’s models save {factors[0]?.toFixed(1)} to{' '}
        {factors.at(-1)?.toFixed(0)} times.
      </p>
      <p>
        But hardly anyone uses standard attention at that size: large models without latents share keys and
        values among groups of heads. Compared with Llama 3 70B and its 8 groups, V3 stores{' '}
        {formatKilobytes(v3AgainstLlama.bytes)} per token instead of{' '}
        {formatKilobytes(v3AgainstLlama.baselineBytes)}:{' '}
        <b>{(1 / v3AgainstLlama.fraction).toFixed(1)} times less</b>, with {claims.layersOf('V3')} layers
        against {claims.layersOf('Llama-3-70B')}. A latent is as large as {EQUAL_GROUPS} groups would be.
      </p>
    </article>
  )
}

const FRACTION_SCALE = logScale([0.01, 0.2], 6)

/** Latent fraction by number of heads: the published models, and the claimed range. */
function FractionChart() {
  return (
    <LineChart
      title="Latent cache as a fraction of standard attention"
      yName="fraction of the bytes"
      xName="heads"
      series={[
        fractionSeries('own widths', CACHE_STYLES.latent, (model) => ({ y: model.ownWidths })),
        fractionSeries('as papers count', CACHE_STYLES.standard, (model) => ({
          y: model.paperWidths,
          label: labelOf(model),
        })),
      ]}
      xScale={logScale(
        LATENT_FRACTIONS.map(({ heads }) => heads),
        5,
      )}
      yScale={{ ...FRACTION_SCALE, ticks: [0.01, 0.02, 0.05, 0.1, 0.2] }}
      formatX={String}
      formatY={formatPercent}
      band={{ from: CLAIMED_RANGE.min, to: CLAIMED_RANGE.max, name: '5–13 %' }}
    >
      <p class="figures">
        Equal precision on both sides. Upper line: a width of {claims.PAPER_HEAD_DIM} for each key and each
        value; lower line: the models’ own widths.
      </p>
    </LineChart>
  )
}

/** Models with the same shape share a mark, which carries all their names. */
function labelOf({ heads, ownWidths, name }: claims.LatentFraction): string {
  const same = LATENT_FRACTIONS.filter((model) => model.heads === heads && model.ownWidths === ownWidths)
  return same[0]?.name === name ? same.map((model) => model.name).join(', ') : ''
}

function fractionSeries(
  name: string,
  style: SeriesStyle,
  pointOf: (model: claims.LatentFraction) => { readonly y: number; readonly label?: string },
): ChartSeries {
  const points = LATENT_FRACTIONS.map((model) => {
    const point = pointOf(model)
    const text = `${model.title}, ${model.heads} heads, ${name}: ${formatPercent(point.y)}`
    return { x: model.heads, text, ...point }
  })
  return { id: style.className, style, order: 0, name, points: points.sort((a, b) => a.x - b.x) }
}

const formatKilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

function formatPercent(fraction: number): string {
  return `${Number((100 * fraction).toFixed(2))}\u00a0%`
}
