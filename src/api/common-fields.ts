// Fields that chats and text completions have in common: their readers, and what the engine gets from them.
import {
  badField,
  definedFields,
  type FieldReader,
  flag,
  numberIn,
  readField,
  readFields,
  requestFields,
  wholeNumber,
} from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import {
  ANSWER_OPTIONS,
  CHOICES_AT_ONCE,
  choicesOf,
  type GenerateRequest,
  MAX_LOGIT_BIAS,
  mapOptions,
  type NumericOption,
  SAMPLING_OPTIONS,
  type SamplingOptions,
} from '../worker/protocol.ts'
import { refuseUnknown } from './no-op-fields.ts'
import { oneFormat, readOwnFields, readResponseFormat } from './response-format.ts'

/** A request that has been checked and translated. */
export interface CheckedRequest {
  /** In the order of their choices. */
  readonly requests: readonly [GenerateRequest, ...GenerateRequest[]]
  readonly stream: boolean
  readonly includeUsage: boolean
}

const MAX_STOPS = 16
const MAX_CHOICES = 128

/** One reader for each common field. */
export const COMMON_READERS = {
  model: (fields: Fields, key: string) => fields.get(key),
  stream: flag,
  stream_options: readStreamOptions,
  ...numericReaders(SAMPLING_OPTIONS),
  ...numericReaders(ANSWER_OPTIONS),
  logit_bias: readLogitBias,
  stop: readStop,
  n: wholeNumber(1, MAX_CHOICES),
  response_format: readResponseFormat,
  hadal: readOwnFields,
}

/** The values that the readers return, by field. */
type CommonValues = {
  readonly [Field in keyof typeof COMMON_READERS]?: ReturnType<(typeof COMMON_READERS)[Field]> | undefined
}

type FieldOf<Options> = Options[keyof Options] extends { readonly field: infer Field extends string }
  ? Field
  : never

/** Readers for a table of options, by the names of their fields. */
function numericReaders<const Options extends Readonly<Record<string, NumericOption>>>(options: Options) {
  const readers = Object.values(options).map((option) => [option.field, numberIn(option)])
  return Object.fromEntries(readers) as Record<FieldOf<Options>, FieldReader<number>>
}

/** A request's fields, each known to a reader or of no effect. Throws `bad_request`, naming the field. */
export function knownFields(params: unknown, readers: Readonly<Record<string, unknown>>): Fields {
  const fields = requestFields(params)
  refuseUnknown(fields, Object.keys(readers))
  return fields
}

/** What the engine gets from the common fields. */
export const commonRequest = (values: CommonValues): Omit<GenerateRequest, 'input'> => ({
  sampling: definedFields<SamplingOptions>({
    ...mapOptions(SAMPLING_OPTIONS, ({ field }) => values[field]),
    logitBias: values.logit_bias,
  }),
  ...definedFields<Omit<GenerateRequest, 'input'>>({
    ...mapOptions(ANSWER_OPTIONS, ({ field }) => values[field]),
    stop: values.stop && values.stop.length > 0 ? values.stop : undefined,
    responseFormat: oneFormat(values.response_format, values.hadal),
    experts: values.hadal?.experts,
  }),
})

/**
 * The request, for `n` answers; several requests where they are not decoded all at once.
 * @param first index of the first answer
 */
export function requestsFor(
  request: GenerateRequest,
  n = 1,
  first = 0,
): [GenerateRequest, ...GenerateRequest[]] {
  if (n === 1) return [request]
  const choices = choicesOf(n, request.sampling?.seed, first)
  const round = () => ({ ...request, choices: choices.splice(0, CHOICES_AT_ONCE) })
  const rounds: [GenerateRequest, ...GenerateRequest[]] = [round()]
  while (choices.length > 0) rounds.push(round())
  return rounds
}

/** How the answer is to arrive. Throws `bad_request` for stream options without a stream. */
export function deliveryOf(values: CommonValues): Pick<CheckedRequest, 'stream' | 'includeUsage'> {
  const { stream = false, stream_options: options } = values
  if (options && !stream) throw badField('stream_options', 'needs `stream: true`')
  return { stream, includeUsage: options?.include_usage ?? false }
}

function readStreamOptions(fields: Fields, key: string): { readonly include_usage?: boolean } {
  // Obfuscation pads chunks against listeners on the network; here there is none.
  return readFields(fields.requiredObject(key), { include_usage: flag, include_obfuscation: flag })
}

function readLogitBias(fields: Fields, key: string): SamplingOptions['logitBias'] {
  const biases = fields.requiredObject(key)
  const readBias = numberIn({ min: -MAX_LOGIT_BIAS, max: MAX_LOGIT_BIAS })
  return biases.keys().map((id) => {
    const field = `${key}[${formatValue(id)}]`
    if (!/^\d{1,9}$/.test(id)) throw badField(field, 'must have a token id as its key')
    return [Number(id), readField(field, biases.get(id), readBias) ?? 0]
  })
}

function readStop(fields: Fields, key: string): readonly string[] {
  const value = fields.get(key)
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > MAX_STOPS)
    throw badField(key, `may have ${MAX_STOPS} strings at most, not ${list.length}`)
  return list.map((item) => {
    if (typeof item === 'string' && item !== '') return item
    throw badField(key, 'must be a string or a list of strings, none of them empty')
  })
}
