// Reads from a config which layers are dense and which are MoE layers, and how those route tokens to experts.
import { expectDefined } from '../lib/error.ts'
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
  'n_group',
  'n_shared_experts',
  'norm_topk_prob',
  'num_experts_per_tok',
  'routed_scaling_factor',
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
  const named = EXPERT_COUNTS.some((key) => config.has(key))
  if (!routing || !named) {
    if (routing) config.ignore(...MOE_KEYS)
    return Array.from({ length: count }, () => dense)
  }
  const moe = describeMoe(config, routing)
  const layers = moePattern(config, count).map((isMoe) => (isMoe ? moe : dense))
  const total = layers.filter(({ kind }) => kind === 'mixture').length * moe.experts
  if (total > MAX_TOTAL_EXPERTS)
    throw config.error('n_routed_experts', `times the layers must be at most ${MAX_TOTAL_EXPERTS}`, total)
  return layers
}

/** For each layer, whether it has experts: by a rule of two numbers, or since transformers 5 by a list. */
function moePattern(config: ConfigFields, count: number): boolean[] {
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

function describeMoe(config: ConfigFields, routing: RoutingTraits): MoeLayer {
  const { correctionBias, hasNormTopkProb, hasRoutedScalingFactor } = routing
  const scoringFunc = config.choice('scoring_func', [routing.scoringFunc], routing.scoringFunc)
  const name = EXPERT_COUNTS.find((key) => config.has(key)) ?? EXPERT_COUNTS[0]
  const experts = config.count(name, 1, MAX_EXPERTS)
  for (const other of EXPERT_COUNTS) config.only(other, experts)
  const intermediateSize = config.count('moe_intermediate_size', 1, MAX_INTERMEDIATE)
  const grouping = describeGroups(config, routing, experts)
  if (!hasNormTopkProb) config.only('norm_topk_prob', false)
  if (!hasRoutedScalingFactor) config.only('routed_scaling_factor', 1)
  return {
    kind: 'mixture',
    experts,
    expertsPerToken: config.count(
      'num_experts_per_tok',
      1,
      (experts / grouping.expertGroups) * grouping.topkGroups,
    ),
    intermediateSize,
    sharedIntermediateSize: intermediateSize * config.count('n_shared_experts', 0, 64, 0),
    scoringFunc,
    ...grouping,
    correctionBias,
    normTopkProb: hasNormTopkProb && config.flag('norm_topk_prob'),
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
