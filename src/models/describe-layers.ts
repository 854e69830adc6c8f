// Reads from a config which layers are dense and which are MoE layers, and how those route tokens to experts.
import { assertNever, expectDefined } from '../lib/error.ts'
import { isInRange } from '../lib/fields.ts'
import type { ConfigFields } from './config-fields.ts'
import type { RoutingTraits } from './families.ts'
import type { DenseLayer, ExpertGroups, MoeLayer } from './spec.ts'

const MAX_INTERMEDIATE = 1 << 20
const MAX_EXPERTS = 512 // per layer: what the routing kernel has workgroup memory for
const MAX_TOTAL_EXPERTS = 1 << 17 // Kimi K2 has 23,040

/** Names of the number of routed experts: DeepSeek's own, and those that transformers writes. */
const EXPERT_COUNTS = ['n_routed_experts', 'num_local_experts', 'num_experts'] as const

/** Keys about experts that a model without experts may still have. */
const MOE_KEYS = [
  'ep_size',
  'first_k_dense_replace',
  'moe_intermediate_size',
  'moe_layer_freq',
  'moe_shared_expert_intermediate_size',
  'n_group',
  'n_shared_experts',
  'norm_topk_prob',
  'num_experts_per_tok',
  'num_shared_experts',
  'routed_scaling_factor',
  'score_function',
  'scoring_func',
  'topk_group',
  'topk_method',
]

/** The feed-forward part of each layer. */
export function describeLayers(
  config: ConfigFields,
  routing: RoutingTraits | undefined,
): (DenseLayer | MoeLayer)[] {
  const count = config.count('num_hidden_layers', 1, 1000)
  const dense: DenseLayer = {
    kind: 'dense',
    intermediateSize: config.count('intermediate_size', 1, MAX_INTERMEDIATE),
  }
  const countKey = routing && expertCountKey(config)
  if (!countKey) {
    if (routing) config.ignore(...MOE_KEYS)
    return Array.from({ length: count }, () => dense)
  }
  const moe = describeMoe(config, routing, countKey)
  const layers = moePattern(config, routing, count).map((isMoe) => (isMoe ? moe : dense))
  const total = layers.filter(({ kind }) => kind === 'mixture').length * moe.experts
  if (total > MAX_TOTAL_EXPERTS)
    throw config.error('n_routed_experts', `times the layers must be at most ${MAX_TOTAL_EXPERTS}`, total)
  return layers
}

/** The key that gives the number of routed experts, or one whose default does. */
const expertCountKey = (config: ConfigFields): string | undefined =>
  EXPERT_COUNTS.find((key) => config.has(key)) ?? EXPERT_COUNTS.find((key) => config.get(key) !== undefined)

/** For each layer, whether it has experts. */
function moePattern(config: ConfigFields, { placement }: RoutingTraits, count: number): boolean[] {
  switch (placement) {
    case 'first_k_dense_replace':
      return deepseekPattern(config, count)
    case 'decoder_sparse_step':
      return qwenPattern(config, count)
    default:
      return assertNever(placement, 'placement of experts')
  }
}

/** Qwen's rule: every so many layers, except those of a list. */
function qwenPattern(config: ConfigFields, count: number): boolean[] {
  const every = config.count('decoder_sparse_step', 1, 1000, 1)
  const dense = config.has('mlp_only_layers') ? config.list('mlp_only_layers', 1000) : []
  if (dense.some((layer) => !isInRange(layer, { min: 0, max: count - 1, whole: true })))
    throw config.error('mlp_only_layers', `must list layers below ${count}`, dense)
  return Array.from({ length: count }, (_, layer) => (layer + 1) % every === 0 && !dense.includes(layer))
}

/** DeepSeek's rule of two numbers, or since transformers 5 a list. */
function deepseekPattern(config: ConfigFields, count: number): boolean[] {
  const listed = config.has('mlp_layer_types') ? listedPattern(config, count) : undefined
  if (listed && !config.has('first_k_dense_replace')) {
    config.ignore('moe_layer_freq')
    return listed
  }
  const first = config.count('first_k_dense_replace', 0, 1000)
  const every = config.count('moe_layer_freq', 1, 1000, 1)
  const ruled = Array.from({ length: count }, (_, layer) => layer >= first && layer % every === 0)
  if (listed?.some((isMoe, layer) => isMoe !== ruled[layer]))
    throw config.error('mlp_layer_types', `must agree with first_k_dense_replace, ${first}`, listed)
  return ruled
}

function listedPattern(config: ConfigFields, count: number): boolean[] {
  const types = config.list('mlp_layer_types')
  if (types.length !== count || types.some((type) => type !== 'dense' && type !== 'sparse'))
    throw config.error('mlp_layer_types', `must be ${count} times "dense" or "sparse"`, types)
  return types.map((type) => type === 'sparse')
}

function describeMoe(config: ConfigFields, routing: RoutingTraits, countKey: string): MoeLayer {
  const { correctionBias, normTopkProb, hasRoutedScalingFactor, scoringKey } = routing
  const scoringFunc = scoringKey
    ? config.choice(scoringKey, [routing.scoringFunc])
    : config.choice('scoring_func', [routing.scoringFunc], routing.scoringFunc)
  const experts = config.count(countKey, 1, MAX_EXPERTS)
  for (const key of EXPERT_COUNTS) if (config.has(key)) config.only(key, experts)
  const intermediateSize = config.count('moe_intermediate_size', 1, MAX_INTERMEDIATE)
  const grouping = describeGroups(config, routing, experts)
  const sharedKey = config.has('num_shared_experts') ? 'num_shared_experts' : 'n_shared_experts'
  config.only('moe_shared_expert_intermediate_size', intermediateSize)
  if (normTopkProb !== 'config') config.only('norm_topk_prob', normTopkProb !== 'never')
  if (!hasRoutedScalingFactor) config.only('routed_scaling_factor', 1)
  const eligible = (experts / grouping.expertGroups) * grouping.topkGroups
  const expertsPerToken = config.count('num_experts_per_tok', 1, eligible)
  return {
    kind: 'mixture',
    experts,
    expertsPerToken,
    intermediateSize,
    sharedIntermediateSize: intermediateSize * config.count(sharedKey, 0, 64, 0),
    scoringFunc,
    ...grouping,
    correctionBias,
    normTopkProb:
      normTopkProb === 'config'
        ? config.flag('norm_topk_prob')
        : normTopkProb === 'several' && expertsPerToken > 1,
    routedScalingFactor: hasRoutedScalingFactor ? config.number('routed_scaling_factor', 1e-6, 1e6) : 1,
  }
}

function describeGroups(config: ConfigFields, { methods }: RoutingTraits, experts: number): ExpertGroups {
  const names = Object.keys(methods)
  const rule = expectDefined(
    methods[config.choice('topk_method', names, names[0])],
    'the rule of topk_method',
  )
  if (rule === 'one group') {
    config.ignore('n_group', 'topk_group')
    return { expertGroups: 1, topkGroups: 1, groupScore: 'max' }
  }
  const expertGroups = config.count('n_group', 1, experts, 1)
  if (experts % expertGroups !== 0)
    throw config.error('n_group', `must divide the ${experts} experts`, expertGroups)
  if (rule === 'top2' && expertGroups > 1 && experts / expertGroups < 2)
    throw config.error(
      'n_group',
      'must leave two experts in a group, since a group is scored by its best two',
      expertGroups,
    )
  const topkGroups = config.count('topk_group', 1, expertGroups, expertGroups === 1 ? 1 : undefined)
  return { expertGroups, topkGroups, groupScore: rule }
}
