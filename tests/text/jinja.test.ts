// Tests that templates render as Python's Jinja renders them: single expressions, and templates in the manner
// of the model families.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../src/text/jinja/template.ts'

interface Golden {
  readonly now: string
  readonly variables: Record<string, unknown>
  /** Each with what Jinja prints; null where it fails. */
  readonly lines: readonly (readonly [template: string, expected: string | null])[]
  readonly conversations: readonly Record<string, unknown>[]
  readonly families: readonly {
    readonly name: string
    readonly template: readonly string[]
    readonly rendered: readonly (string | null)[]
  }[]
}

const FILE = new URL('../fixtures/text/jinja.json', import.meta.url)
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as Golden
const now = new Date(golden.now)

/** What a template prints; null if it fails. JavaScript's own errors are faults of ours and pass through. */
function render(template: string, variables: Record<string, unknown>): string | null {
  try {
    return compileTemplate(template).render(variables, 1 << 20, now)
  } catch (error) {
    const isOurs =
      error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
    if (isOurs || !(error instanceof Error)) throw error
    return null
  }
}

describe('a template prints what Jinja prints, and fails where it fails', () => {
  it.each(golden.lines)('%j', (template, expected) => {
    expect(render(template, golden.variables)).toBe(expected)
  })
})

describe.each(golden.families)('$name', ({ template, rendered }) => {
  it.each(golden.conversations.map((variables, index) => ({ index, variables })))(
    'renders conversation $index',
    ({ index, variables }) => expect(render(template.join(''), variables)).toBe(rendered[index]),
  )

  it('is a test of texts as well as failures', () => {
    expect(rendered).toHaveLength(golden.conversations.length)
    expect(rendered.filter((text) => text !== null).length).toBeGreaterThan(1)
  })
})

describe('limits', () => {
  const hostile = `${'{% for m in messages %}'.repeat(3)}x${'{% endfor %}'.repeat(3)}`
  const messages = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ role: index % 2 ? 'assistant' : 'user', content: 'hi' }))

  it('grow with the conversation: 10,000 short messages render with every family', () => {
    const input = { messages: messages(10_001), tools: null, bos_token: '<s>', eos_token: '</s>' }
    for (const { template } of golden.families)
      expect(render(template.join(''), input)?.match(/hi/g)).toHaveLength(10_001)
  })

  it('stop a template whose work grows faster than the conversation', () => {
    expect(render(hostile, { messages: messages(20) })).toBe('x'.repeat(8000))
    const long = { messages: messages(10_000) }
    expect(() => compileTemplate(hostile).render(long, 1 << 22)).toThrow(/steps|characters/)
  })

  it.each([
    "{{ messages.__proto__ }}{{ messages['constructor'] }}{{ messages[0]['__proto__'] }}",
    "{{ 'a'.constructor }}{{ 1.5.constructor }}{{ none.constructor }}{{ true.__proto__ }}",
    "{{ namespace().constructor }}{{ cycler(1)['__proto__'] }}{{ range.constructor }}{{ {}.hasOwnProperty }}",
    '{% macro f() %}{% endmacro %}{{ f.constructor }}{{ f.call }}{{ f.attribute }}',
    '{% for x in [1] %}{{ loop.constructor }}{{ loop.next }}{{ loop.object }}{% endfor %}',
    "{{ constructor }}{{ toString }}{{ __proto__ }}{{ messages | map(attribute='__proto__') | join }}",
    "{{ 'a' | attr('constructor') }}{{ {'a': 1} | attr('toString') }}",
  ])('leave no way to a JavaScript object: %s', (template) => {
    expect(render(template, { messages: messages(1) })).toBe('')
  })

  it.each(['constructor', 'toString', '__proto__'])('know no filter or test %s', (name) => {
    expect(() => render(`{{ 1 | ${name} }}`, {})).not.toThrow()
    expect(render(`{{ 1 | ${name} }}`, {})).toBeNull()
    expect(render(`{{ 1 is ${name} }}`, {})).toBeNull()
  })
})
