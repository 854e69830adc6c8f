// Answers: which template is chosen, what are its variables, and what happens when it is missing, broken or hostile?
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { openTemplate, renderChat } from '../../src/text/template.ts'

const messages = [{ role: 'user', content: 'hi' }]

function render(config: unknown, jinja?: string, thinking?: boolean): string {
  return renderChat(openTemplate(config, jinja), { messages, addGenerationPrompt: true, thinking })
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
  it('comes from the config as text or by name, and from its own file first', () => {
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

  it('is given the begin and end tokens in either spelling', () => {
    const chat_template = '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'
    expect(render({ chat_template, bos_token: '<b>', eos_token: { content: '<e>', lstrip: false } })).toBe(
      '<b>hi<e>',
    )
    expect(render({ chat_template, bos_token: null })).toBe('hi')
  })

  it('is told about thinking only when the caller chose', () => {
    const chat_template = '{{ enable_thinking is defined }} {{ enable_thinking }} {{ thinking }}'
    expect(render({ chat_template }).trim()).toBe('false')
    expect(render({ chat_template }, undefined, false)).toBe('true false false')
    expect(render({ chat_template }, undefined, true)).toBe('true true true')
  })

  it('prints the same at any time', () => {
    expect(render({ chat_template: '{{ strftime_now is defined }} {{ range(1, 7, 2) | join(",") }}' })).toBe(
      'false 1,3,5',
    )
  })
})

describe('a template that cannot be used', () => {
  it('is named when it is missing, malformed or refuses', () => {
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

  const loop = (inner: string) => `{% for a in range(9999) %}${inner}{% endfor %}`
  const twice = (statement: string) => statement.repeat(60)
  it.each([
    ['loops for ever', loop(loop(loop('x')))],
    ['asks for an endless range', '{{ range(9e15) }}{{ range(0, 1, 0) }}'],
    ['counts from nonsense', '{{ range("x") }}'],
    ['doubles a text', `{% set ns = namespace(t="x") %}${twice('{% set ns.t = ns.t + ns.t %}')}{{ ns.t }}`],
    [
      'doubles a list',
      `{% set ns = namespace(t=[1]) %}${twice('{% set ns.t = [ns.t, ns.t] %}')}{{ ns.t | tojson }}`,
    ],
    [
      'doubles through namespaces',
      `{% set a = namespace(x=1) %}${twice('{% set b = namespace(x=[a, a]) %}{% set a = namespace(x=[b, b]) %}')}{{ a | tojson }}`,
    ],
    [
      'fills a list later',
      `{% set n = namespace(t="x") %}{% set l = [n] %}${twice('{% set n.t = n.t + n.t %}')}{{ l }}`,
    ],
    ['contains itself', '{% set n = namespace() %}{% set n.me = n %}{{ n | tojson }}'],
    ['calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['rewrites a long text for ever', `${loop(`{% set t = "${'y'.repeat(9999)}" | upper %}`)}`],
    ['nests without end', `{{ ${'('.repeat(50_000)}1`],
    ['nests lists without end', `{{ ${'['.repeat(50_000)} }}`],
    ['is too long', 'x'.repeat(1 << 19)],
    ['prints too much', loop('x'.repeat(1000))],
  ])('fails soon and clearly when it %s', (_, source) => {
    const start = performance.now()
    const error = failure(() => render({}, source))
    expect(error).toMatchObject({ code: 'bad_file', file: 'chat_template.jinja' })
    expect(error.message.length).toBeLessThan(500)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
