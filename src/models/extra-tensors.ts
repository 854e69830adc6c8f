// Judges the tensors of a checkpoint that no part of the model asks for: which of them would change what it
// computes. Those are refused by name, all others left unread.
import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { listNames, type Notices } from '../lib/notices.ts'
import { QUANTIZATION_HINT } from './quantization-fields.ts'
import type { ModelSpec } from './spec.ts'
import { ALL_SCALES, companionNames, moduleOf, schemeOf } from './stored-names.ts'
import { isMtpTensor, listTensors } from './tensor-names.ts'

/** Names, what such a tensor is, and what helps. */
type Rule = readonly [names: RegExp, what: string, hint?: string]

const ADAPTER: Rule = [
  /(^|[._])(lora|ia3|lokr|hada|vera|oft|boft)_|adapt|\.base_layer\./,
  'part of an adapter',
  'Merge the adapter into the model (merge_and_unload of PEFT) and open the result.',
]

/** Tensors of a layer, by their names after `model.layers.N.`. */
const OF_LAYERS: readonly Rule[] = [
  [/indexer|compressor/, 'part of sparse attention'],
  [/sink/, 'an attention sink'],
  [/norm[^.]*\.(weight|bias)$/, 'a norm'],
  [/^(self_attn|attention|mlp)\..+\.bias$|(proj|correction|expert|router|gate)_bias$/, 'a bias'],
  [
    /\.(qweight|qzeros|scales|biases|absmax|SCB|weight_(packed|scale_2|zero_point))$/,
    'quantized by another tool',
    QUANTIZATION_HINT,
  ],
  // Some converters add k_b_proj and v_b_proj, which repeat kv_b_proj.
  [
    /^(self_attn|attention)\.((?!k_b_|v_b_)\w*(_proj|gate|_mqa)|dense|query_key_value)\.weight$/,
    'a matrix of attention',
  ],
  [/^mlp\.((gate|up|down)_proj\.weight$|shared_expert)/, 'a matrix beside the experts'],
  [/^(linear_attn|cross_attn|mamba|conv)\b/, 'part of another kind of layer'],
  [/(^|\.)(hc_|hyper_connection|layer_scal)/, 'a change of the residual stream'],
]

const RULES: Readonly<Record<'dense' | 'mixture' | 'outside', readonly Rule[]>> = {
  // Experts beyond those of a router are never chosen, but a dense layer has none at all.
  dense: [[/^mlp\.(experts|gate)\./, 'part of the experts of a dense layer'], ...OF_LAYERS],
  mixture: OF_LAYERS,
  outside: [
    [/^model\.\w*norm\w*\.(weight|bias)$/, 'a norm'],
    [/^model\.(embed_pos|position_emb|pos_emb|wpe\b)/, 'a table of learned positions'],
    [/^lm_head\.bias$/, 'a bias'],
  ],
}

interface StoredTensor {
  readonly file: string
  readonly start: number
  readonly end: number
}

/** All tensors of a checkpoint under their stored names, and the model's own under those of `tensorNames`. */
export interface StoredTensors {
  readonly stored: ReadonlyMap<string, StoredTensor>
  readonly named: ReadonlyMap<string, StoredTensor>
  readonly nameOf: (stored: string) => string | undefined
}

/**
 * Passes over the tensors that the model does not need, with a notice that names one of each kind; MTP layers
 * and scales of activations are known and pass silently. Throws `bad_file`, naming file and tensor, for one
 * that is known to change what the model computes.
 */
export function judgeExtraTensors(
  spec: ModelSpec,
  { stored, named, nameOf }: StoredTensors,
  notices: Notices,
): void {
  const expected = new Set(listTensors(spec).map(({ name }) => name))
  const companions = companionsOf(spec, named)
  const unread: string[] = []
  const files = new Set<string>()
  for (const [name, { file, start, end }] of stored) {
    const ours = nameOf(name) ?? ''
    // Beside codes under another name, a weight is not read either.
    const isExpected = companions.has(ours) || (expected.has(ours) && !ours.endsWith('.weight'))
    if (isExpected || isMtpTensor(spec, ours)) continue
    const scales = ALL_SCALES.find((scale) => ours.endsWith(`.${scale}`))
    const isLost = scales && expected.has(`${ours.slice(0, -scales.length)}weight`)
    const rule = expected.has(ours) ? SECOND : isLost ? LOST_SCALES : ruleFor(spec, name, ours)
    if (rule && end > start) throw refused(name, file, rule)
    unread.push(name)
    files.add(file)
  }
  if (unread.length === 0) return
  const kinds = new Set<string>() // names that differ in their numbers only are of a kind
  const shown = unread.filter((name) => kinds.size < kinds.add(name.replace(/\d+/g, '0')).size)
  const headless = spec.tieWordEmbeddings && unread.some((name) => name.endsWith('lm_head.weight'))
  notices.add(
    `${listNames([...files], 2)}: tensors that the model does not use were not read ` +
      `(${unread.length} in all): ${listNames(shown, 8)}.` +
      (headless ? ' The output head is the embedding (tie_word_embeddings of config.json).' : ''),
  )
}

/** A longer name has no meaning here, and searching it would take long. */
const MAX_NAME = 500

function ruleFor(spec: ModelSpec, name: string, ours: string): Rule | undefined {
  if (name.length > MAX_NAME) return undefined
  const ofText = /(layers\.\d+|embed_tokens|lm_head)\./.test(name) && !/vision|visual|audio/.test(name)
  if (ofText && ADAPTER[0].test(name)) return ADAPTER
  const [, layer, rest = ours] = /^model\.layers\.(\d+)\.(.+)$/s.exec(ours) ?? []
  const kind = layer ? spec.layers[Number(layer)]?.kind : 'outside'
  return kind && RULES[kind].find(([names]) => names.test(rest))
}

const SECOND: Rule = [
  /^/,
  'a second copy of a matrix whose codes have another name',
  'This folder may mix two versions of the model.',
]
const LOST_SCALES: Rule = [
  /^/,
  'the scales of a weight that is read without scales',
  `config.json must say how weights are quantised, and the tensors be of that kind. ${QUANTIZATION_HINT}`,
]

/** The tensors beside the codes of quantised matrices, and known ones of their activations. */
function companionsOf(spec: ModelSpec, named: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const found = new Set<string>()
  const add = (module: string) => {
    const scheme = schemeOf(spec.quantization, named, module)
    for (const name of scheme ? companionNames(module, scheme) : [`${module}.weight`]) found.add(name)
  }
  for (const { name, halves } of listTensors(spec)) {
    if (!name.endsWith('.weight')) continue
    const module = moduleOf(name)
    add(module)
    const isSplit = halves && !named.has(name) && !schemeOf(spec.quantization, named, module)
    if (isSplit) for (const half of [halves.keys, halves.values]) add(`${half}.0`)
  }
  return found
}

function refused(tensor: string, file: string, [, what, hint]: Rule): HadalError {
  const why = 'models of this type and config.json do not have it, and it would change what is computed'
  const fallback =
    'The file and config.json do not belong together, ' +
    'or the model has a part that this version does not know.'
  const message = `${file}: tensor ${quoteName(tensor)} is ${what}; ${why}.`
  return new HadalError('bad_file', message, { file, tensor, hint: hint ?? fallback })
}
