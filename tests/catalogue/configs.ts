// The keys of config.json that decide the sizes of the listed models, by source; docs/catalogue.md has where
// each was read.
import { PUBLISHED_CONFIGS } from '../../src/cli/published-configs.ts'

type Config = Readonly<Record<string, unknown>>

interface Sizes {
  readonly hidden: number
  readonly intermediate: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim?: number
  readonly vocab: number
  readonly context: number
  readonly tied: boolean
}

const dense = (modelType: string, sizes: Sizes): Config => ({
  model_type: modelType,
  hidden_act: 'silu',
  hidden_size: sizes.hidden,
  intermediate_size: sizes.intermediate,
  num_hidden_layers: sizes.layers,
  num_attention_heads: sizes.heads,
  num_key_value_heads: sizes.kvHeads,
  head_dim: sizes.headDim ?? sizes.hidden / sizes.heads,
  vocab_size: sizes.vocab,
  max_position_embeddings: sizes.context,
  tie_word_embeddings: sizes.tied,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
})

const QWEN3 = { headDim: 128, vocab: 151936, kvHeads: 8, context: 40960 }
const QWEN3_4B = { ...QWEN3, hidden: 2560, intermediate: 9728, layers: 36, heads: 32, tied: true }
const CODER_1_5B = { hidden: 1536, intermediate: 8960, layers: 28, heads: 12, kvHeads: 2, vocab: 151936 }
const CODER_7B = { hidden: 3584, intermediate: 18944, layers: 28, heads: 28, kvHeads: 4, vocab: 152064 }
const QWEN2_14B = { hidden: 5120, intermediate: 13824, layers: 48, heads: 40, kvHeads: 8, vocab: 152064 }
const LLAMA_3_2 = { intermediate: 8192, kvHeads: 8, vocab: 128256, context: 131072, tied: true }
const SMOLLM2_360M = { hidden: 960, intermediate: 2560, layers: 32, heads: 15, kvHeads: 5, vocab: 49152 }
const MINICPM5_2B = { hidden: 2048, intermediate: 6144, layers: 42, heads: 16, kvHeads: 2, vocab: 130560 }

/** Upcycled from Qwen3 0.6B. */
const MARCO_NANO = {
  ...dense('qwen3_moe', { ...QWEN3, hidden: 1024, intermediate: 3072, layers: 28, heads: 16, tied: true }),
  max_position_embeddings: 32768,
  decoder_sparse_step: 1,
  mlp_only_layers: [],
  moe_intermediate_size: 384,
  norm_topk_prob: true,
  num_experts: 232,
  num_experts_per_tok: 8,
}

/** Its multipliers change no size. */
const granite = (hidden: number, intermediate: number): Config => ({
  ...PUBLISHED_CONFIGS['Granite-4.1-3B'],
  ...dense('granite', {
    hidden,
    intermediate,
    layers: 40,
    heads: 32,
    kvHeads: 8,
    vocab: 49159,
    context: 131072,
    tied: true,
  }),
})

const published = (name: string, changes: Config = {}): Config => ({ ...PUBLISHED_CONFIGS[name], ...changes })

const MLX: Readonly<Record<string, Config>> = {
  'Qwen3-0.6B-4bit': dense('qwen3', {
    ...QWEN3,
    hidden: 1024,
    intermediate: 3072,
    layers: 28,
    heads: 16,
    tied: true,
  }),
  'Qwen3-1.7B-4bit': dense('qwen3', {
    ...QWEN3,
    hidden: 2048,
    intermediate: 6144,
    layers: 28,
    heads: 16,
    tied: true,
  }),
  'Qwen3-4B-Instruct-2507-4bit': dense('qwen3', { ...QWEN3_4B, context: 262144 }),
  'Qwen3-4B-Thinking-2507-4bit': dense('qwen3', { ...QWEN3_4B, context: 262144 }),
  'Qwen3-8B-4bit': dense('qwen3', {
    ...QWEN3,
    hidden: 4096,
    intermediate: 12288,
    layers: 36,
    heads: 32,
    tied: false,
  }),
  'Qwen3-14B-4bit': dense('qwen3', {
    ...QWEN3,
    hidden: 5120,
    intermediate: 17408,
    layers: 40,
    heads: 40,
    tied: false,
  }),
  'DeepSeek-R1-Distill-Qwen-1.5B-4bit': published('R1-Distill-Qwen-1.5B'),
  'DeepSeek-R1-Distill-Qwen-7B-4bit': published('R1-Distill-Qwen-7B'),
  'DeepSeek-R1-Distill-Llama-8B-4bit': published('R1-Distill-Llama-8B'),
  'DeepSeek-R1-0528-Qwen3-8B-4bit': published('R1-0528-Qwen3-8B'),
  'DeepSeek-R1-Distill-Qwen-14B-4bit': dense('qwen2', { ...QWEN2_14B, context: 131072, tied: false }),
  'DeepSeek-V2-Lite-Chat-4bit-mlx': published('V2-Lite'),
  'DeepSeek-Coder-V2-Lite-Instruct-4bit-mlx': published('V2-Lite'),
  'Moonlight-16B-A3B-Instruct-4-bit': published('Moonlight'),
  'GLM-4.7-Flash-4bit': published('GLM-4.7-Flash'),
  'Youtu-LLM-2B-mlx-4bit': published('Youtu-LLM-2B', { model_type: 'youtu_llm' }),
  'Qwen3-30B-A3B-Instruct-2507-4bit': published('Qwen3-30B-A3B', { max_position_embeddings: 262144 }),
  'Qwen3-Coder-30B-A3B-Instruct-4bit': published('Qwen3-30B-A3B', { max_position_embeddings: 262144 }),
  'granite-3.3-2b-instruct-4bit': granite(2048, 8192),
  'granite-3.3-8b-instruct-4bit': granite(4096, 12800),
  'Ring-mini-2.0-4bit': published('Ring-mini-2.0'),
  'Ling-mini-2.0-4bit': published('Ring-mini-2.0'),
  'Llama-3.2-1B-Instruct-4bit': dense('llama', { ...LLAMA_3_2, hidden: 2048, layers: 16, heads: 32 }),
  'Llama-3.2-3B-Instruct-4bit': dense('llama', { ...LLAMA_3_2, hidden: 3072, layers: 28, heads: 24 }),
  'Qwen2.5-Coder-1.5B-Instruct-4bit': dense('qwen2', { ...CODER_1_5B, context: 32768, tied: true }),
  'Qwen2.5-Coder-7B-Instruct-4bit': dense('qwen2', { ...CODER_7B, context: 32768, tied: false }),
}

export const LISTED_CONFIGS: Readonly<Record<string, Config>> = {
  ...Object.fromEntries(Object.entries(MLX).map(([name, config]) => [`hf:mlx-community/${name}`, config])),
  'hf:HuggingFaceTB/SmolLM2-360M-Instruct': dense('llama', { ...SMOLLM2_360M, context: 8192, tied: true }),
  'hf:ATH-MaaS/Marco-Nano-Instruct': MARCO_NANO,
  'hf:openbmb/MiniCPM5-2B': dense('llama', { ...MINICPM5_2B, context: 131072, tied: false }),
}
