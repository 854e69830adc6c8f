// Judges the tensors of a checkpoint that no part of the model asks for: which of them would change what it
// computes. Those are refused by name, all others left unread.
import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { listNames, type Notices } from '../lib/notices.ts'
import type { ModelSpec } from './spec.ts'
import { blockScalesName, groupScalesName, isMtpTensor, listTensors } from './tensor-names.ts'

interface Rule {
  readonly names: RegExp
  readonly why: string // after "it"
  readonly hint?: string
}

const ADAPTER: Rule = {
  names: /(^|[._])(lora|ia3|lokr|hada|vera|oft|boft)_|adapt|\.base_layer\./,
  why: 'belongs to an adapter that is not merged into the weights',
  hint: 'Merge the adapter into the model (merge_and_unload of PEFT), save it, and open the result.',
}

const NORM = 'is a norm that models of this type do not have'

/** Tensors of a layer, by their names after `model.layers.N.`. Zero-sized ones are harmless. */
const OF_LAYERS: readonly Rule[] = [
  { names: /indexer|compressor/, why: 'chooses which tokens attention reads (sparse attention)' },
  { names: /sink/, why: 'is an attention sink' },
  { names: /norm[^.]*\.(weight|bias)$/, why: NORM },
  {
    names: /^(self_attn|mlp)\..+\.bias$|(proj|correction|expert|router|gate)_bias$/,
    why: 'is a bias where models of this type have none',
  },
  {
    names: /\.(qweight|qzeros|scales|biases|absmax|SCB|weight_(packed|scale_2|zero_point))$/,
    why: 'belongs to weights quantized by another tool',
    hint: 'Open the model that is not quantized; the option `quantize` makes it as small.',
  },
  // Some converters add k_b_proj and v_b_proj, which repeat kv_b_proj.
  {
    names: /^self_attn\.(?!k_b_|v_b_)\w*(_proj|gate|_mqa)\.weight$|^mlp\.(gate|up|down)_proj\.weight$/,
    why: 'is a matrix that does not follow from config.json',
  },
  { names: /^mlp\.shared_expert/, why: 'belongs to shared experts that do not follow from config.json' },
  { names: /^(linear_attn|cross_attn|mamba|conv)\b/, why: 'belongs to another kind of layer' },
  { names: /(^|\.)(hc_|hyper_connection|layer_scal)/, why: 'scales or mixes the residual stream' },
]

/** Experts whose number is too high are never chosen, but a dense layer has no experts at all. */
const OF_DENSE_LAYERS: Rule = { names: /^mlp\.(experts|gate)\./, why: 'belongs to experts of a dense layer' }

const RULES: Readonly<Record<'dense' | 'mixture' | 'outside', readonly Rule[]>> = {
  dense: [OF_DENSE_LAYERS, ...OF_LAYERS],
  mixture: OF_LAYERS,
  outside: [
    { names: /^model\.\w*norm\w*\.(weight|bias)$/, why: NORM },
    { names: /^model\.(embed_pos|position_emb|pos_emb|wpe\b)/, why: 'holds learned positions' },
    { names: /^lm_head\.bias$/, why: 'is a bias of the output head' },
  ],
}

interface StoredTensor {
  readonly file: string
  readonly dtype: string
  readonly start: number
  readonly end: number
}

/**
 * Passes over the tensors that the model does not need, with a notice that names them; MTP layers and scales
 * of activations are known and pass silently. Throws `bad_file`, naming file and tensor, for one that is
 * known to change what the model computes.
 * @param nameOf the name that `tensorNames` has for a stored name
 */
export function judgeExtraTensors(
  spec: ModelSpec,
  tensors: ReadonlyMap<string, StoredTensor>,
  nameOf: (stored: string) => string | undefined,
  notices: Notices,
): void {
  const expected = new Map(listTensors(spec).map(({ name }) => [name, ''])) // name → stored type
  const extra: [name: string, canonical: string | undefined, tensor: StoredTensor][] = []
  for (const [name, tensor] of tensors) {
    const canonical = nameOf(name)
    if (canonical !== undefined && expected.has(canonical)) expected.set(canonical, tensor.dtype)
    else extra.push([name, canonical, tensor])
  }
  const unread: string[] = []
  const files = new Set<string>()
  for (const [name, canonical, tensor] of extra) {
    const use = canonical === undefined ? undefined : scaleUse(spec, expected, canonical)
    if (use === 'read' || (canonical !== undefined && isMtpTensor(spec, canonical))) continue
    const rule = use ?? ruleFor(spec, name, canonical)
    if (rule && tensor.end > tensor.start) throw refused(name, tensor.file, rule)
    unread.push(name)
    files.add(tensor.file)
  }
  if (unread.length === 0) return
  const headless = spec.tieWordEmbeddings && unread.some((name) => name.endsWith('lm_head.weight'))
  notices.add(
    `${listNames([...files], 2)}: the model does not use these tensors, and they were not read: ` +
      `${listNames(byKind(unread), 8)}.` +
      (headless ? ' The output head is the embedding, as config.json says (tie_word_embeddings).' : ''),
  )
}

/** A longer name has no meaning here, and searching it would take long. */
const MAX_NAME = 500

function ruleFor(spec: ModelSpec, name: string, canonical = ''): Rule | undefined {
  if (name.length > MAX_NAME) return undefined
  const ofText = /(layers\.\d+|embed_tokens|lm_head)\./.test(name) && !/vision|visual|audio/.test(name)
  if (ofText && ADAPTER.names.test(name)) return ADAPTER
  const [, layer, rest = canonical] = /^model\.layers\.(\d+)\.(.+)$/s.exec(canonical) ?? []
  const kind = layer === undefined ? 'outside' : spec.layers[Number(layer)]?.kind
  return kind && RULES[kind].find(({ names }) => names.test(rest))
}

const LOST_SCALES: Rule = { names: /^/, why: 'scales a weight that is read without scales' }
const UNSCALED = ['F64', 'F32', 'F16', 'BF16']

/**
 * What a tensor of scales is for: read (or known not to matter) with a weight that has scales, an error with
 * one that has none, undefined for any other tensor. Weights that are missing or of a wrong type are not
 * judged here.
 */
function scaleUse(
  spec: ModelSpec,
  expected: ReadonlyMap<string, string>,
  name: string,
): Rule | 'read' | undefined {
  if (expected.get(name.replace(/\.input_scale$/, '.weight')) === 'F8_E4M3') return 'read'
  const weight = name.replace(/_(scale(_inv)?|groups)$/, '')
  const dtype = expected.get(weight)
  if (dtype === undefined) return undefined
  if (name === groupScalesName(weight) && spec.packed) return 'read'
  return name === blockScalesName(weight) && !UNSCALED.includes(dtype) ? 'read' : LOST_SCALES
}

/** One name of each kind first: names that differ in their numbers only are of a kind. */
function byKind(names: readonly string[]): readonly string[] {
  const first = new Map(names.toReversed().map((name) => [name.replace(/\d+/g, '#'), name]))
  const shown = new Set([...first.values()].reverse())
  return [...shown, ...names.filter((name) => !shown.has(name))]
}

function refused(name: string, file: string, { why, hint }: Rule): HadalError {
  const message = `${file}: tensor ${quoteName(name)} ${why}. Without it the model computes something else.`
  const fallback =
    'The file and config.json do not belong together, ' +
    'or the model has a part that this version does not know.'
  return new HadalError('bad_file', message, { file, tensor: name, hint: hint ?? fallback })
}
