// Tests of chat templates: which one is chosen, its variables, and missing, broken or hostile ones.
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { openTemplate, renderChat } from '../../src/text/template.ts'

const MESSAGES = [{ role: 'user', content: 'hi' }]

function render(config: unknown, jinja?: string, thinking?: boolean): string {
  return renderChat(openTemplate(config, jinja), { messages: MESSAGES, addGenerationPrompt: true, thinking })
}

function failure(act: () => unknown): HadalError {
  try {
    act()
  } catch (error) {
    if (error instanceof HadalError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the template', () => {
  it('comes from its own file first, else from the config, as text or by name', () => {
    expect(render({ chat_template: 'one' })).toBe('one')
    expect(render({ chat_template: [{ name: 'only', template: 'two' }] })).toBe('two')
    const list = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'three' },
    ]
    expect(render({ chat_template: list })).toBe('three')
    expect(render({ chat_template: list }, 'four')).toBe('four')
    expect(render(undefined, 'five')).toBe('five')
  })

  it('gets the begin and end tokens in either spelling', () => {
    const chat_template = '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'
    expect(render({ chat_template, bos_token: '<b>', eos_token: { content: '<e>', lstrip: false } })).toBe(
      '<b>hi<e>',
    )
    expect(render({ chat_template, bos_token: null })).toBe('hi')
  })

  it('gets the thinking switch only when the caller sets it', () => {
    const chat_template = '{{ enable_thinking is defined }} {{ enable_thinking }} {{ thinking }}'
    expect(render({ chat_template }).trim()).toBe('False')
    expect(render({ chat_template }, undefined, false)).toBe('True False False')
    expect(render({ chat_template }, undefined, true)).toBe('True True True')
  })

  it('gets no tools and no documents: None, as transformers passes', () => {
    expect(render({ chat_template: '{{ tools is none }} {{ documents is none }}' })).toBe('True True')
  })

  it('prints the local date', () => {
    const template = openTemplate({ chat_template: "{{ strftime_now('%d %b %Y %H:%M') }}" })
    const now = new Date(2026, 2, 7, 15, 4)
    expect(renderChat(template, { messages: MESSAGES, addGenerationPrompt: true, now })).toBe(
      '07 Mar 2026 15:04',
    )
    expect(render({ chat_template: "{{ strftime_now('%Y') }}" })).toMatch(/^\d{4}$/)
  })
})

it('supports what published templates use', () => {
  const source = `{%- macro line(text, width=2) %}{{ text | indent(width, true) }}{% endmacro -%}
{%- for m in messages | selectattr("role", "equalto", "user") if m.content -%}
{{ line(m['content'].replace("h", "H").strip().split("i")[0]) }}|{{ m | tojson(indent=1) }}|
{%- set list = [1, 2] | join(", ") %}{{ list }}|
{%- filter upper %}{{ ["b", "a"] | sort | first }}{% endfilter %}{{ "abc"[1:] }}{{ m["role"][0] }}
{%- for k, v in m.items() %}{{ k }}{% if loop.last %}.{% endif %}{% endfor %}{%- endfor -%}`
  expect(render({}, source)).toBe('  H|{\n "role": "user",\n "content": "hi"\n}|1, 2|Abcurolecontent.')
})

describe('a template that cannot be used', () => {
  it('gives an error with its file when it is missing, malformed or refuses the chat', () => {
    expect(failure(() => render({}))).toMatchObject({ code: 'unsupported', file: 'tokenizer_config.json' })
    expect(failure(() => render([]))).toMatchObject({ code: 'bad_file', file: 'tokenizer_config.json' })
    expect(failure(() => render({ chat_template: 5 }))).toMatchObject({ code: 'bad_file' })
    expect(failure(() => render({ chat_template: [{ name: 'a' }] }))).toMatchObject({ code: 'bad_file' })
    expect(failure(() => render({}, '{% if %}'))).toMatchObject({
      code: 'bad_file',
      file: 'chat_template.jinja',
    })
    expect(failure(() => render({}, '{{ nothing.at.all() }}'))).toMatchObject({ code: 'bad_file' })
    const refusal = failure(() => render({}, '{{ raise_exception("roles must alternate") }}'))
    expect(refusal).toMatchObject({ code: 'bad_request' })
    expect(refusal.message).toContain('roles must alternate')
    expect(refusal.hint).not.toBe('')
  })

  it.each<[string, unknown, string | undefined]>([
    ['unknown block', { chat_template: '{% widget %}hi' }, undefined],
    ['unclosed block', {}, '{% if true %}'],
    [
      'two templates, none for chats',
      {
        chat_template: [
          { name: 'a', template: '' },
          { name: 'b', template: '' },
        ],
      },
      undefined,
    ],
    ['neither text nor list', { chat_template: { default: 'x' } }, undefined],
  ])('opens all the same, with its fault: %s', (_, config, jinja) => {
    const { fault } = openTemplate(config, jinja)
    expect(fault).toMatchObject({
      code: 'bad_file',
      file: jinja === undefined ? 'tokenizer_config.json' : 'chat_template.jinja',
    })
    expect(fault?.hint).toContain('plain text')
    expect(failure(() => render(config, jinja)).message).toBe(fault?.message)
  })

  const loop = (inner: string) => `{% for a in range(9999) %}${inner}{% endfor %}`
  const sixtyTimes = (statement: string) => statement.repeat(60)
  const longText = `{% set ns = namespace(t="x", l=[1]) %}${'{% set ns.t = ns.t + ns.t %}'.repeat(21)}`
  const longList = `{% set ns = namespace(t="x", l=[1]) %}${'{% set ns.l = ns.l + ns.l %}'.repeat(15)}`
  it.each([
    ['loops for ever', loop(loop(loop('x')))],
    ['asks for an endless range', '{{ range(9e15) }}{{ range(0, 1, 0) }}'],
    ['counts from nonsense', '{{ range("x") }}'],
    [
      'doubles a text',
      `{% set ns = namespace(t="x") %}${sixtyTimes('{% set ns.t = ns.t + ns.t %}')}{{ ns.t }}`,
    ],
    [
      'doubles a list',
      `{% set ns = namespace(t=[1]) %}${sixtyTimes('{% set ns.t = [ns.t, ns.t] %}')}{{ ns.t | tojson }}`,
    ],
    [
      'doubles through namespaces',
      `{% set a = namespace(x=1) %}${sixtyTimes(
        '{% set b = namespace(x=[a, a]) %}{% set a = namespace(x=[b, b]) %}',
      )}{{ a | tojson }}`,
    ],
    [
      'fills a list later',
      `{% set n = namespace(t="x") %}{% set l = [n] %}${sixtyTimes('{% set n.t = n.t + n.t %}')}{{ l }}`,
    ],
    ['contains itself', '{% set n = namespace() %}{% set n.me = n %}{{ n | tojson }}'],
    ['calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['rewrites a long text for ever', `${loop(`{% set t = "${'y'.repeat(9999)}" | upper %}`)}`],
    [
      'loops over nothing',
      `{% set r = range(9999) %}${'{% for a in r %}'.repeat(3)}${'{% endfor %}'.repeat(3)}`,
    ],
    ['looks through a list for ever', longList + loop('{% if "q" in ns.l %}{% endif %}')],
    ['sorts for ever', longList + loop('{% set z = ns.l | sort %}')],
    ['slices a text for ever', longText + loop('{% set z = ns.t[1:] %}')],
    ['slices a list for ever', longList + loop('{% set z = ns.l[::-1] %}')],
    ['splits for ever', longText + loop('{% set z = ns.t.split("x") %}')],
    ['replaces each character by a text', `${longText}{{ ns.t.replace("x", ns.t) }}`],
    ['replaces what is between characters', `${longText}{{ ns.t | replace("", ns.t) }}`],
    ['keeps a method', `${longText}{% set f = ns.t.replace %}{{ f("x", ns.t) }}`],
    ['computes a method', `${longText}{{ ns.t["repl" + "ace"]("x", ns.t) }}`],
    ['spreads arguments', `${longText}{{ ns.t | replace(*["x", ns.t]) }}`],
    ['joins with a text', `${longList}{{ ns.l | join("${'y'.repeat(9999)}") }}`],
    ['indents by a hundred million', `{{ "a\nb" | indent(100000000) }}`],
    ['indents a block by a hundred million', '{% filter indent(100000000) %}a\nb{% endfilter %}'],
    ['indents JSON by four thousand', `${longList}{{ ns.l | tojson(indent=4000) }}`],
    ['separates JSON by a text', `${longList}{{ ns.l | tojson(separators=("${'y'.repeat(9999)}", ":")) }}`],
    ['multiplies a text', '{{ "x" * 1000000000 }}'],
    ['chains conditions without end', `{% if a %}${'{% elif a %}'.repeat(12_000)}{% endif %}`],
    ['nests without end', `{{ ${'('.repeat(50_000)}1`],
    ['nests lists without end', `{{ ${'['.repeat(50_000)} }}`],
    ['is too long', 'x'.repeat(1 << 19)],
    ['prints too much', loop('x'.repeat(1000))],
  ])('fails clearly when it %s', (_, source) => {
    const error = failure(() => render({}, source))
    expect(error).toMatchObject({ code: 'bad_file', file: 'chat_template.jinja' })
    expect(error.message.length).toBeLessThan(500)
  })
})
