// Grammars of calls in the form of each model family: names of the tools, arguments by their schemas.
import { HadalError } from '../../lib/error.ts'
import {
  bytes,
  choice,
  type Expression,
  type Grammar,
  GrammarBuilder,
  optional,
  repeat,
  sequence,
  token,
  words,
} from '../grammar/grammar.ts'
import { compileGrammar } from '../grammar/program.ts'
import type { OpenSchemaWriter } from '../grammar/schema/json-schema.ts'
import { digits, JsonRules, list } from '../grammar/schema/json-text.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import type { ToolFormat } from './format.ts'
import { deepseekV3 } from './formats/deepseek-v3.ts'
import { deepseekV31 } from './formats/deepseek-v3-1.ts'
import { glm } from './formats/glm.ts'
import { granite } from './formats/granite.ts'
import { hermes } from './formats/hermes.ts'
import { kimi } from './formats/kimi.ts'
import { llama } from './formats/llama.ts'
import { type GlmContext, glmArguments } from './glm-arguments.ts'

export interface CallTool {
  readonly function: {
    readonly name: string
    /** The JSON schema of the arguments; any object by default. */
    readonly parameters?: unknown
    /** Whether a schema that is not supported is an error. Otherwise any object will do. */
    readonly strict?: unknown
  }
}

export interface CallGrammarOptions {
  readonly format: ToolFormat
  readonly tools: readonly CallTool[]
  /** Whether the answer may have several calls. */
  readonly parallel: boolean
  readonly openWriter: OpenSchemaWriter
}

/** What the grammar of a form is written with. */
interface CallWriter {
  /** One of the tools. */
  each(write: (name: string, args: Expression) => Expression): Expression
  /** A marker: a control token where the tokenizer has one, else its text. */
  marker(text: string): Expression
  readonly parallel: boolean
}

/** White space where models differ. */
const SPACE = repeat(bytes([0x09, 0x0a], [0x0d, 0x0d], [0x20, 0x20]), 0, 8)
const spaced = (...texts: readonly string[]): Expression =>
  sequence(...texts.flatMap((text) => [SPACE, words(text)]))

const jsonCall =
  (key: string) =>
  (name: string, args: Expression): Expression =>
    sequence(words(`{"name": ${JSON.stringify(name)}, "${key}": `), args, words('}'))

/** What follows the marker that begins a call. */
const CALLS: ReadonlyMap<ToolFormat, (writer: CallWriter) => Expression> = new Map([
  [
    deepseekV3,
    ({ each, marker }: CallWriter) =>
      sequence(
        words('function'),
        marker('<｜tool▁sep｜>'),
        each((name, args) => sequence(words(`${name}\n\`\`\`json\n`), args, words('\n```'))),
        marker('<｜tool▁call▁end｜>'),
      ),
  ],
  [
    deepseekV31,
    ({ each, marker }: CallWriter) =>
      sequence(
        each((name, args) => sequence(words(name), marker('<｜tool▁sep｜>'), args)),
        marker('<｜tool▁call▁end｜>'),
      ),
  ],
  [
    hermes,
    ({ each, marker }: CallWriter) =>
      sequence(words('\n'), each(jsonCall('arguments')), words('\n'), marker('</tool_call>')),
  ],
  [
    kimi,
    ({ each, marker }: CallWriter) =>
      sequence(
        words('functions.'),
        each((name, args) =>
          sequence(words(`${name}:`), digits(1, 4), marker('<|tool_call_argument_begin|>'), args),
        ),
        marker('<|tool_call_end|>'),
      ),
  ],
  [llama, ({ each }: CallWriter) => each(jsonCall('parameters'))],
  [
    granite,
    ({ each, parallel }: CallWriter) =>
      sequence(
        words('['),
        list(each(jsonCall('arguments')), 1, parallel ? Number.POSITIVE_INFINITY : 1),
        words(']'),
      ),
  ],
  [
    glm,
    ({ each, marker }: CallWriter) =>
      sequence(
        each((name, args) => sequence(words(name), optional(words('\n')), args)),
        marker('</tool_call>'),
      ),
  ],
])

/** Calls without a marker, with the white space that models write. */
const BARE_START = sequence(
  repeat(choice(SPACE, words(';'))),
  words('{'),
  optional(spaced('"type"', ':', '"function"', ',')),
  spaced('"name"', ':'),
  SPACE,
)

/**
 * The grammar of what follows the marker that begins a call.
 * @throws HadalError bad_request, for a schema of a strict tool that is not supported
 */
export function callGrammar(tokenizer: Markers, options: CallGrammarOptions): Grammar {
  return build(tokenizer, options, (writer) => CALLS.get(options.format)?.(writer) ?? choice())
}

/** The grammars of a call that begins without a marker, and of its text up to the end of the name. */
export function bareGrammars(
  tokenizer: Markers,
  options: CallGrammarOptions,
): { readonly call: Grammar; readonly start: Grammar } {
  const nameText = (name: string) => sequence(BARE_START, words(JSON.stringify(name)))
  return {
    call: build(tokenizer, options, ({ each }) =>
      each((name, args) =>
        sequence(nameText(name), spaced(',', '"parameters"', ':'), SPACE, args, spaced('}')),
      ),
    ),
    start: build(
      tokenizer,
      { ...options, tools: options.tools.map(({ function: { name } }) => ({ function: { name } })) },
      ({ each }) => each(nameText),
    ),
  }
}

type Markers = Pick<TextTokenizer, 'controlId'>

function build(
  tokenizer: Markers,
  { format, tools, parallel, openWriter }: CallGrammarOptions,
  write: (writer: CallWriter) => Expression,
): Grammar {
  const builder = new GrammarBuilder()
  const root = builder.declare('call')
  const json = new JsonRules(builder)
  const marker = (text: string): Expression => {
    const id = tokenizer.controlId(text)
    return id === undefined ? words(text) : token(id)
  }
  const known = tools.map((tool, at) => ({
    name: tool.function.name,
    args: builder.rule(`tools[${at}]`, argumentsOf(tool, at, { builder, json, format, marker, openWriter })),
  }))
  const each: CallWriter['each'] = (form) => choice(...known.map(({ name, args }) => form(name, args)))
  builder.define(root, write({ each, marker, parallel }))
  return builder.finish(root)
}

interface ArgumentContext extends GlmContext {
  readonly format: ToolFormat
}

/** The arguments of a tool. A schema that is not supported allows any object, unless the tool is strict. */
function argumentsOf(tool: CallTool, at: number, context: ArgumentContext): Expression {
  const { parameters, strict } = tool.function
  if (parameters === undefined) return writeArguments(undefined, '', context)
  const path = `tools[${at}].function.parameters`
  try {
    checkSchema(parameters, path, context)
  } catch (error) {
    if (strict === true || !(error instanceof HadalError) || error.code !== 'bad_request') throw error
    return writeArguments(undefined, path, context)
  }
  return writeArguments(parameters, path, context)
}

function writeArguments(parameters: unknown, path: string, context: ArgumentContext): Expression {
  const { builder, json, format, openWriter } = context
  if (format === glm) return glmArguments(context, parameters, path)
  if (parameters === undefined) return json.object
  const writer = openWriter(builder, parameters, path, { json })
  const root = writer.rootObject()
  return root === false ? choice() : writer.text(root, path)
}

/** Throws where a schema alone makes no grammar: its rules would spoil those of other tools. */
function checkSchema(parameters: unknown, path: string, context: ArgumentContext): void {
  const builder = new GrammarBuilder()
  const root = builder.declare(path)
  const json = new JsonRules(builder)
  builder.define(root, writeArguments(parameters, path, { ...context, builder, json }))
  compileGrammar(builder.finish(root), { bytes: new Uint8Array(256).fill(1), hasToken: () => true })
}
