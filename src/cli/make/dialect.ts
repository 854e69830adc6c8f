// Answers: which control tokens and which chat format does a published model have? Data, and their place in another vocabulary.
// It must not know tokenizer files.
import { UsageError } from '../args.ts'

/** What stands before and after a message of a role. */
type Turn = readonly [open: string, close: string]

export interface Dialect {
  readonly begin: string | undefined
  readonly end: string
  /** Text and id in the published vocabulary. Ids that only the published files could tell are assumed. */
  readonly controls: readonly (readonly [text: string, id: number])[]
  readonly turns: { readonly system: Turn; readonly user: Turn; readonly assistant: Turn }
  /** What opens the answer. */
  readonly answer: string
  readonly temperature: number
}

const BEGIN = '<｜begin▁of▁sentence｜>'
const END = '<｜end▁of▁sentence｜>'
const USER = '<｜User｜>'
const ASSISTANT = '<｜Assistant｜>'

const V2: Dialect = {
  begin: BEGIN,
  end: END,
  controls: [
    [BEGIN, 100000],
    [END, 100001],
  ],
  turns: { system: ['', '\n\n'], user: ['User: ', '\n\n'], assistant: ['Assistant: ', END] },
  answer: 'Assistant:',
  temperature: 0.3,
}

/** R1's way to talk, which its distilled models share; only the ids differ. */
function reasoner(begin: number, end: number, user: number, assistant: number, think: number): Dialect {
  return {
    begin: BEGIN,
    end: END,
    controls: [
      [BEGIN, begin],
      [END, end],
      [USER, user],
      [ASSISTANT, assistant],
      ['<think>', think],
      ['</think>', think + 1],
    ],
    turns: { system: ['', ''], user: [USER, ''], assistant: [ASSISTANT, END] },
    answer: `${ASSISTANT}<think>\n`,
    temperature: 0.6,
  }
}

const KIMI: Dialect = {
  begin: '[BOS]',
  end: '[EOS]',
  controls: [
    ['[BOS]', 163584],
    ['[EOS]', 163585],
    ['<|im_end|>', 163586],
    ['<|im_user|>', 163587],
    ['<|im_assistant|>', 163588],
    ['<|im_system|>', 163594],
    ['<|im_middle|>', 163601],
  ],
  turns: {
    system: ['<|im_system|>system<|im_middle|>', '<|im_end|>'],
    user: ['<|im_user|>user<|im_middle|>', '<|im_end|>'],
    assistant: ['<|im_assistant|>assistant<|im_middle|>', '<|im_end|>'],
  },
  answer: '<|im_assistant|>assistant<|im_middle|>',
  temperature: 0.6,
}

const GLM: Dialect = {
  begin: undefined,
  end: '<|endoftext|>',
  controls: [
    ['<|endoftext|>', 154820],
    ['<|system|>', 154826],
    ['<|user|>', 154827],
    ['<|assistant|>', 154828],
    ['<|observation|>', 154829],
    ['<think>', 154841],
    ['</think>', 154842],
  ],
  turns: { system: ['<|system|>', ''], user: ['<|user|>', ''], assistant: ['<|assistant|>', ''] },
  answer: '<|assistant|><think>',
  temperature: 1,
}

const QWEN = reasoner(151646, 151643, 151644, 151645, 151648)

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'V2-Lite': V2,
  V2,
  'DeepSeekMoE-16B': V2,
  V3: reasoner(0, 1, 128803, 128804, 128798),
  Moonlight: KIMI,
  'Kimi-K2': KIMI,
  'GLM-4.7-Flash': GLM,
  'Youtu-LLM-2B': reasoner(128000, 128001, 128006, 128007, 128008),
  'R1-Distill-Qwen-1.5B': QWEN,
  'R1-Distill-Qwen-7B': QWEN,
  'R1-Distill-Llama-8B': reasoner(128000, 128001, 128011, 128012, 128013),
  'R1-0528-Qwen3-8B': reasoner(151643, 151645, 151669, 151670, 151667),
}

/** How a published model talks. */
export function dialectOf(name: string): Dialect {
  const dialect = Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined
  if (!dialect) throw new UsageError(`No dialect is known for "${name}".`)
  return dialect
}

export interface Renumbered {
  /** Ids of the control tokens by text. */
  readonly controls: ReadonlyMap<string, number>
  /** The new id of a published one. */
  readonly idOf: (published: number) => number
}

export const BYTES = 256

/** The control tokens where they were published, or at the end of a vocabulary of another size. */
export function renumber({ controls }: Dialect, vocab: number, published: boolean): Renumbered {
  if (vocab < BYTES + controls.length) {
    throw new UsageError(
      `--vocab must be at least ${BYTES + controls.length}: every byte and the control tokens.`,
    )
  }
  const moved = new Map(
    controls.map(([, id], index) => [id, published ? id : vocab - controls.length + index]),
  )
  const idOf = (id: number) => moved.get(id) ?? vocab - 1
  return { controls: new Map(controls.map(([text, id]) => [text, idOf(id)])), idOf }
}
