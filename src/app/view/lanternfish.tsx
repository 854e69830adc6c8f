// Drawing of the lanternfish; its lights show the loading progress.

const LIGHT_COUNT = 16

/** Outline of the body. */
const BODY =
  'M18 98c10-34 56-56 112-54 56 2 92 22 138 40 16-4 34-20 52-44-8 28-8 66 2 98' +
  '-22-16-38-28-54-34-40 16-86 34-140 32C70 134 32 126 18 98z'

/** Lights along the belly, from the gill to the tail. */
const BELLY_LIGHTS = Array.from({ length: LIGHT_COUNT }, (_, index) => {
  const t = index / (LIGHT_COUNT - 1)
  const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2]
  return { x: a * 78 + b * 168 + c * 268, y: a * 121 + b * 140 + c * 95, radius: 3.2 - 1.4 * t }
})
const FLANK_LIGHTS = Array.from({ length: 5 }, (_, index) => ({
  x: 112 + 30 * index,
  y: 97 - 2.5 * index,
  radius: 2,
}))

/**
 * `lit`: fraction of the belly's lights that are on, 0 to 1; `busy`: they shimmer.
 * Hidden from screen readers: the progress is also shown as text.
 */
export function Lanternfish({ lit, busy }: { lit: number; busy: boolean }) {
  return (
    <svg class={`fish${busy ? ' busy' : ''}`} viewBox="0 0 340 190" aria-hidden="true">
      <defs>
        <linearGradient id="fish-back" x1="0" y1="0" x2="0" y2="1">
          <stop class="fish-top" offset="0" />
          <stop class="fish-middle" offset="0.62" />
          <stop class="fish-belly" offset="1" />
        </linearGradient>
      </defs>
      <path class="fin" d="M146 51C160 24 190 20 204 24c-4 12-2 24 6 36z" />
      <path class="fin" d="M122 131c4 14 14 24 28 28 0-10 4-20 12-28z" />
      <path class="fin" d="M196 125c4 12 14 20 30 22-4-10-4-20 2-30z" />
      <path class="body" fill="url(#fish-back)" d={BODY} />
      <path class="line" d="M92 62c12 22 12 46-2 66M22 103c16 6 32 6 46-2" />
      <path class="line faint" d="M110 88c52-8 104-6 152 2" />
      <circle class="eye" cx="60" cy="85" r="17" />
      <circle class="pupil" cx="58" cy="86" r="9" />
      <circle class="glint" cx="54" cy="81" r="3" />
      {FLANK_LIGHTS.map(({ x, y, radius }) => (
        <circle key={x} class={lit >= 1 ? 'light on' : 'light'} cx={x} cy={y} r={radius} />
      ))}
      {BELLY_LIGHTS.map(({ x, y, radius }, index) => (
        <circle
          key={x}
          class={index < lit * LIGHT_COUNT ? 'light on' : 'light'}
          cx={x}
          cy={y}
          r={radius}
          style={{ animationDelay: `${index * 90}ms` }}
        />
      ))}
    </svg>
  )
}
