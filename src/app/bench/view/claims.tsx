// Answers: what is true of what is said about latent attention and its memory? In plain words; each number is computed where it stands.
// It must not know the arithmetic.
import { formatCount } from '../../state/format.ts'
import * as claims from '../state/claims.ts'
import { shown } from '../state/compare.ts'
import { summaryOf } from '../state/rows.ts'
import { logScale } from '../state/scale.ts'
import type { Series } from '../state/series.ts'
import { LineChart } from './line-chart.tsx'

const { CLAIMED, SHARES } = claims

export function Claims() {
  return (
    <section class="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">What is true of “93.3 %”, “5–13 %”, “7.5–20 times”</h2>
      <p class="lead">
        Such numbers compare something with something else, and rarely say with what. Here they are worked
        out, by the same functions as the calculator above.
      </p>
      <div class="claims-body">
        <div class="words-of">
          <Deployed />
          <Range />
          <Factor />
        </div>
        <SharePicture />
      </div>
    </section>
  )
}

function Deployed() {
  const { v2Against67B, v2Against67BEqual, v2AgainstItself, smallPair, largePair } = claims
  return (
    <article>
      <h3>“93.3 % less”: true of two products, not of an architecture</h3>
      <p>
        DeepSeek-V2’s paper sets V2 as it was deployed beside the company’s older 67B model. V2 kept its cache
        in 6 bits on average, {kilo(v2Against67B.bytes)} a token; the 67B, which already shares keys and
        values in 8 groups, kept {kilo(v2Against67B.against)} in 16 bits. That is{' '}
        <b>{percent(1 - v2Against67B.share)} less</b>. With 16 bits on both sides it is{' '}
        <b>{percent(1 - v2Against67BEqual.share)} less</b>.
      </p>
      <p>
        Against standard attention with V2’s own {SHARES.find(({ name }) => name === 'V2')?.heads} heads it is
        more: <b>{percent(1 - v2AgainstItself.share)} less</b>. The paper’s own like-for-like table says 14 %
        and 4 % of standard attention for a small and a large model; counted here: {percent(smallPair.share)}{' '}
        ({formatCount(smallPair.numbers)} of {formatCount(smallPair.against)} numbers) and{' '}
        {percent(largePair.share)} ({formatCount(largePair.numbers)} of {formatCount(largePair.against)}).
      </p>
    </article>
  )
}

function Range() {
  const own = claims.headsWithinClaim('standard')
  const paper = claims.headsWithinClaim('paper')
  const inside = SHARES.filter((model) => claims.withinClaim(model.own))
  const below = SHARES.filter((model) => model.own < CLAIMED.least)
  return (
    <article>
      <h3>“5–13 % of standard attention”: right for small models only</h3>
      <p>
        We found this range in no primary source. It is what the formula gives for a middling number of heads:
        a latent of the same size serves all of them, so that its share falls as heads are added. With
        DeepSeek’s widths it holds from {own.least} to {own.most} heads, or from {paper.least} to {paper.most}{' '}
        if keys are counted as narrow as values.
      </p>
      <p>
        Within it: {inside.map((model) => `${model.title} (${percent(model.own)})`).join(', ')}. Below it, so
        better than claimed: {below.map((model) => `${model.title} (${percent(model.own)})`).join(', ')}.
      </p>
      <Measured />
    </article>
  )
}

/** What this page has measured itself. */
function Measured() {
  const summaries = shown.value.flatMap(({ letter, result }) => {
    const summary = summaryOf(result)
    return summary ? [{ letter, result, share: 1 / summary.less }] : []
  })
  if (summaries.length === 0) return null
  return (
    <p>
      Measured on this page:{' '}
      {summaries
        .map(
          ({ letter, result, share }) =>
            `${letter}, ${result.model.name} with ${result.model.heads} heads: ${percent(share)}, which is ${
              claims.withinClaim(share) ? 'within the range' : share < CLAIMED.least ? 'below it' : 'above it'
            }`,
        )
        .join('; ')}
      .
    </p>
  )
}

function Factor() {
  const { v3AgainstLlama, equalGroups } = claims
  const factors = SHARES.map(({ own }) => 1 / own).sort((a, b) => a - b)
  return (
    <article>
      <h3>“7.5 to 20 times less”: depends on what it replaces</h3>
      <p>
        The same range, turned over: {(1 / CLAIMED.most).toFixed(1)} to {(1 / CLAIMED.least).toFixed(0)}{' '}
        times. Against standard attention of their own heads, today’s models save {factors[0]?.toFixed(1)} to{' '}
        {factors.at(-1)?.toFixed(0)} times.
      </p>
      <p>
        But hardly anybody keeps standard attention at that size: large models without latents share keys and
        values among groups of heads. Beside Llama 3 70B with its 8 groups, V3 keeps{' '}
        {kilo(v3AgainstLlama.bytes)} a token instead of {kilo(v3AgainstLlama.against)}:{' '}
        <b>{(1 / v3AgainstLlama.share).toFixed(1)} times less</b>, with {claims.layersOf('V3')} layers against{' '}
        {claims.layersOf('Llama-3-70B')}. A latent holds as much as {equalGroups} groups would.
      </p>
    </article>
  )
}

const axis = logScale([0.01, 0.2], 6)

/** Share against heads: where models lie, and the range of the claim. */
function SharePicture() {
  const series: Series[] = [
    line('latent', 'own widths', ({ own }) => own),
    line('standard', 'as papers count', ({ paper }) => paper),
  ]
  return (
    <LineChart
      title="What a latent leaves of standard attention"
      up="share of the bytes"
      across="heads"
      series={series}
      x={logScale(
        SHARES.map(({ heads }) => heads),
        5,
      )}
      y={{ ...axis, ticks: [0.01, 0.02, 0.05, 0.1, 0.2] }}
      nameX={String}
      nameY={percent}
      band={{ from: CLAIMED.least, to: CLAIMED.most, name: '5–13 %' }}
    >
      <p class="figures">
        Equal precision on both sides. Upper line: two heads of {claims.PAPER_HEAD} for key and value; lower
        line: keys and values in the widths that the models have.
      </p>
    </LineChart>
  )
}

/** Models of one shape share a mark, which carries all their names. */
function labelOf({ heads, own, name }: claims.ModelShare): string {
  const same = SHARES.filter((model) => model.heads === heads && model.own === own)
  return same[0]?.name === name ? same.map((model) => model.name).join(', ') : ''
}

function line(kind: Series['kind'], name: string, share: (model: claims.ModelShare) => number): Series {
  const points = SHARES.map((model) => ({
    x: model.heads,
    y: share(model),
    text: `${model.title}, ${model.heads} heads, ${name}: ${percent(share(model))}`,
    ...(kind === 'standard' && { label: labelOf(model) }),
  }))
  return { id: kind, kind, order: 0, name, points: points.sort((a, b) => a.x - b.x) }
}

const kilo = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))}\u00a0%`
}
