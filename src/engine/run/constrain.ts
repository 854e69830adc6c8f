// Opens what holds an answer to a format, or its calls to the schemas of their tools. Loaded on demand.
import { badField } from '../../lib/check.ts'
import { type ConstraintContext, openConstraint } from '../../text/grammar/constraint.ts'
import type { Grammar } from '../../text/grammar/grammar.ts'
import { setBit } from '../../text/grammar/token-trie.ts'
import { lastThinkTag, thinkIds } from '../../text/think-tags.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { PreparedAnswer } from '../../text/tools/tool-use.ts'
import type { AnswerFormat, GenerateRequest } from '../types.ts'
import type { AnswerConstraint } from './task.ts'

const SCHEMA_FIELD = 'response_format.json_schema.schema'

/**
 * What the answer to a request is held to; undefined if to nothing.
 * @throws HadalError bad_request, naming the part of the schema or grammar that is not supported
 */
export async function constrain(
  request: GenerateRequest,
  { calls, begun = '', ids }: PreparedAnswer,
  context: ConstraintContext,
): Promise<AnswerConstraint | undefined> {
  const { responseFormat, tools } = request
  if (responseFormat) {
    if (tools) throw badField('response_format', 'cannot be combined with `tools`', 'Leave one of them out.')
    const constraint = openConstraint(await grammarOf(responseFormat, context.tokenizer), context)
    const isBegun = begun !== '' || request.resume !== undefined
    const think = isBegun || request.thinking === false ? undefined : thinkIds(context.tokenizer)?.open
    if (constraint.take(new TextEncoder().encode(begun)))
      return think === undefined || lastThinkTag(context.tokenizer, ids)
        ? constraint
        : mayThink(constraint, think)
    throw badField('response_format', 'does not allow the text that the answer is to go on from')
  }
  if (!tools || !calls) return undefined
  const [{ openToolConstraint }, { schemaWriters }] = await Promise.all([
    import('../../text/tools/tool-constraint.ts'),
    import('../../text/grammar/schema/json-schema.ts'),
  ])
  return openToolConstraint(context, { ...calls, tools, openWriter: await schemaWriters() })
}

/** Lets the answer begin with the tag of a thinking part, where the template leaves that to the model. */
function mayThink(constraint: AnswerConstraint, open: number): AnswerConstraint {
  let isFirst = true
  return {
    mask(budget) {
      const mask = constraint.mask(budget)
      if (!isFirst || !mask) return mask
      isFirst = false
      const withTag = Uint32Array.from(mask)
      setBit(withTag, open)
      return withTag
    },
    forced: (budget) => (isFirst ? [] : constraint.forced(budget)),
    accept: (id) => constraint.accept(id),
    get isFinished() {
      return constraint.isFinished
    },
  }
}

async function grammarOf(format: AnswerFormat, tokenizer: TextTokenizer): Promise<Grammar> {
  if (format.type === 'grammar') {
    const { gbnfGrammar } = await import('../../text/grammar/gbnf.ts')
    return gbnfGrammar(format.grammar, tokenizer)
  }
  if (format.type === 'json_object') {
    const { jsonObjectGrammar } = await import('../../text/grammar/schema/json-object.ts')
    return jsonObjectGrammar()
  }
  const { jsonSchemaGrammar } = await import('../../text/grammar/schema/json-schema.ts')
  return jsonSchemaGrammar(format.schema, SCHEMA_FIELD)
}
