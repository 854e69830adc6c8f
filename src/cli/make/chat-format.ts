// Chat formats of published models: control tokens, role markers and sampling temperature.
import { UsageError } from '../args.ts'

/** Text before and after a message of a role. */
type RoleMarkers = readonly [open: string, close: string]

export interface ChatFormat {
  readonly bos: string | undefined
  readonly eos: string
  /** Text and id in the published vocabulary. Ids without a public source are assumed. */
  readonly controlTokens: readonly (readonly [text: string, id: number])[]
  readonly roleMarkers: {
    readonly system: RoleMarkers
    readonly user: RoleMarkers
    readonly assistant: RoleMarkers
  }
  /** Starts the answer. */
  readonly answerPrefix: string
  readonly temperature: number
}

const BOS = '<｜begin▁of▁sentence｜>'
const EOS = '<｜end▁of▁sentence｜>'
const USER = '<｜User｜>'
const ASSISTANT = '<｜Assistant｜>'

const V2: ChatFormat = {
  bos: BOS,
  eos: EOS,
  controlTokens: [
    [BOS, 100000],
    [EOS, 100001],
  ],
  roleMarkers: { system: ['', '\n\n'], user: ['User: ', '\n\n'], assistant: ['Assistant: ', EOS] },
  answerPrefix: 'Assistant:',
  temperature: 0.3,
}

/** Token ids of the R1 chat format. `</think>` follows `<think>`. */
interface R1TokenIds {
  readonly bos: number
  readonly eos: number
  readonly user: number
  readonly assistant: number
  readonly think: number
}

/** The chat format of R1 and its distilled models; only the ids differ. */
function r1Format({ bos, eos, user, assistant, think }: R1TokenIds): ChatFormat {
  return {
    bos: BOS,
    eos: EOS,
    controlTokens: [
      [BOS, bos],
      [EOS, eos],
      [USER, user],
      [ASSISTANT, assistant],
      ['<think>', think],
      ['</think>', think + 1],
    ],
    roleMarkers: { system: ['', ''], user: [USER, ''], assistant: [ASSISTANT, EOS] },
    answerPrefix: `${ASSISTANT}<think>\n`,
    temperature: 0.6,
  }
}

const KIMI: ChatFormat = {
  bos: '[BOS]',
  eos: '[EOS]',
  controlTokens: [
    ['[BOS]', 163584],
    ['[EOS]', 163585],
    ['<|im_end|>', 163586],
    ['<|im_user|>', 163587],
    ['<|im_assistant|>', 163588],
    ['<|im_system|>', 163594],
    ['<|im_middle|>', 163601],
  ],
  roleMarkers: {
    system: ['<|im_system|>system<|im_middle|>', '<|im_end|>'],
    user: ['<|im_user|>user<|im_middle|>', '<|im_end|>'],
    assistant: ['<|im_assistant|>assistant<|im_middle|>', '<|im_end|>'],
  },
  answerPrefix: '<|im_assistant|>assistant<|im_middle|>',
  temperature: 0.6,
}

const GLM: ChatFormat = {
  bos: undefined,
  eos: '<|endoftext|>',
  controlTokens: [
    ['<|endoftext|>', 154820],
    ['<|system|>', 154826],
    ['<|user|>', 154827],
    ['<|assistant|>', 154828],
    ['<|observation|>', 154829],
    ['<think>', 154841],
    ['</think>', 154842],
  ],
  roleMarkers: { system: ['<|system|>', ''], user: ['<|user|>', ''], assistant: ['<|assistant|>', ''] },
  answerPrefix: '<|assistant|><think>',
  temperature: 1,
}

const QWEN = r1Format({ bos: 151646, eos: 151643, user: 151644, assistant: 151645, think: 151648 })

/** ChatML with the tokens of a vocabulary. */
const chatML = (controlTokens: ChatFormat['controlTokens']): ChatFormat => ({
  bos: undefined,
  eos: '<|im_end|>',
  controlTokens,
  roleMarkers: {
    system: ['<|im_start|>system\n', '<|im_end|>\n'],
    user: ['<|im_start|>user\n', '<|im_end|>\n'],
    assistant: ['<|im_start|>assistant\n', '<|im_end|>\n'],
  },
  answerPrefix: '<|im_start|>assistant\n<think>\n',
  temperature: 0.6,
})

const RING: ChatFormat = {
  bos: undefined,
  eos: '<|endoftext|>',
  controlTokens: [
    ['<|startoftext|>', 156891],
    ['<|endoftext|>', 156892],
    ['<|role_end|>', 156895],
  ],
  roleMarkers: {
    system: ['<role>SYSTEM</role>', '<|role_end|>'],
    user: ['<role>HUMAN</role>', '<|role_end|>'],
    assistant: ['<role>ASSISTANT</role>', '<|role_end|>'],
  },
  answerPrefix: '<role>ASSISTANT</role><think>\n',
  temperature: 0.6,
}

const GRANITE: ChatFormat = {
  bos: undefined,
  eos: '<|end_of_text|>',
  controlTokens: [
    ['<|pad|>', 100256],
    ['<|end_of_text|>', 100257],
    ['<|start_of_role|>', 100264],
    ['<|end_of_role|>', 100265],
  ],
  roleMarkers: {
    system: ['<|start_of_role|>system<|end_of_role|>', '<|end_of_text|>\n'],
    user: ['<|start_of_role|>user<|end_of_role|>', '<|end_of_text|>\n'],
    assistant: ['<|start_of_role|>assistant<|end_of_role|>', '<|end_of_text|>\n'],
  },
  answerPrefix: '<|start_of_role|>assistant<|end_of_role|>',
  temperature: 0.6,
}

const CODER: ChatFormat = {
  bos: BOS,
  eos: '<|EOT|>',
  controlTokens: [
    [BOS, 32013],
    ['<|EOT|>', 32021],
  ],
  roleMarkers: {
    system: ['', ''],
    user: ['### Instruction:\n', '\n'],
    assistant: ['### Response:\n', '\n<|EOT|>\n'],
  },
  answerPrefix: '### Response:\n',
  temperature: 0.6,
}

const CHAT_FORMATS: Readonly<Record<string, ChatFormat>> = {
  'V2-Lite': V2,
  V2,
  'DeepSeekMoE-16B': V2,
  V3: r1Format({ bos: 0, eos: 1, user: 128803, assistant: 128804, think: 128798 }),
  Moonlight: KIMI,
  'Kimi-K2': KIMI,
  'GLM-4.7-Flash': GLM,
  'Youtu-LLM-2B': r1Format({ bos: 128000, eos: 128001, user: 128006, assistant: 128007, think: 128008 }),
  'R1-Distill-Qwen-1.5B': QWEN,
  'R1-Distill-Qwen-7B': QWEN,
  'Qwen3-30B-A3B': chatML([
    ['<|endoftext|>', 151643],
    ['<|im_start|>', 151644],
    ['<|im_end|>', 151645],
    ['<think>', 151667],
    ['</think>', 151668],
  ]),
  'SmolLM3-3B': chatML([
    ['<|begin_of_text|>', 128000],
    ['<think>', 128002],
    ['</think>', 128003],
    ['<|finetune_right_pad_id|>', 128004],
    ['<|im_start|>', 128011],
    ['<|im_end|>', 128012],
  ]),
  'Ring-mini-2.0': RING,
  'Granite-4.1-3B': GRANITE,
  'DeepSeek-Coder-1.3B': CODER,
  'R1-Distill-Llama-8B': r1Format({
    bos: 128000,
    eos: 128001,
    user: 128011,
    assistant: 128012,
    think: 128013,
  }),
  'R1-0528-Qwen3-8B': r1Format({ bos: 151643, eos: 151645, user: 151669, assistant: 151670, think: 151667 }),
}

/** The chat format of a published model. Throws `UsageError` for an unknown name. */
export function chatFormatOf(name: string): ChatFormat {
  const format = Object.hasOwn(CHAT_FORMATS, name) ? CHAT_FORMATS[name] : undefined
  if (!format) throw new UsageError(`No chat format is known for "${name}".`)
  return format
}

export interface RenumberedTokens {
  /** Ids of the control tokens by text. */
  readonly controlIds: ReadonlyMap<string, number>
  /** The id of a control token, by its published id. */
  readonly idOf: (published: number) => number
}

export const BYTE_TOKENS = 256

/** Keeps the published ids of control tokens, or moves them to the end of a vocabulary of another size. */
export function renumber(
  { controlTokens: controls }: ChatFormat,
  vocab: number,
  published: boolean,
): RenumberedTokens {
  if (vocab < BYTE_TOKENS + controls.length) {
    throw new UsageError(
      `--vocab must be at least ${BYTE_TOKENS + controls.length}: 256 bytes and the control tokens.`,
    )
  }
  const moved = new Map(
    controls.map(([, id], index) => [id, published ? id : vocab - controls.length + index]),
  )
  const idOf = (id: number) => moved.get(id) ?? vocab - 1
  return { controlIds: new Map(controls.map(([text, id]) => [text, idOf(id)])), idOf }
}
