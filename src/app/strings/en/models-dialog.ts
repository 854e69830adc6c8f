// English texts of the models dialog, which load with it.
import type { CatalogueEntry, Use } from '../../../catalogue/catalogue.ts'

type Fits = boolean | 'unknown'

/** The list itself is in English. */
const goodAt = ({ goodAt }: CatalogueEntry): string => goodAt

const uses: Readonly<Record<Use, string>> = {
  chat: 'Conversation',
  code: 'Code',
  reasoning: 'Reasoning',
  texts: 'Texts',
}

const catalogue = {
  note:
    'From the Hugging Face Hub, smallest download first. The Hub is not contacted before you choose one; ' +
    'then its files are compared with these figures.',
  search: 'Search models',
  searchHint: 'Name, purpose, licence',
  filters: 'Filters',
  purpose: 'Good at',
  anyPurpose: 'Anything',
  fitting: 'Fits',
  thinking: 'Thinks',
  small: 'Up to 1 GiB',
  context: 'Context',
  tokens: (count: string) => `${count} tokens`,
  found: (count: number, all: number) => `${count} of ${all} models`,
  nothingFound: 'No model matches.',
  clear: 'Clear search and filters',
  device: (space: string, speed: string) => `${space} · ${speed}`,
  space: (bytes: string) => `${bytes} free for this page`,
  spaceUnknown: 'free space unknown',
  speed: (rate: string) => `last download ${rate}/s`,
  speedUnknown: 'download speed not measured yet',
  noneFits: (tokens: string) => `No model of this list fits this device with ${tokens} tokens of context.`,
  noneFitsHint: 'Lanternfish, which comes with the page, runs in any case.',
  shorter: (tokens: string) => `Show with ${tokens} tokens`,
  recommended: 'Recommended for this device',
  because: {
    fits: 'The most capable model for conversation in this list that certainly fits.',
    modest: 'How much GPU memory there is cannot be read here; most devices have enough for this one.',
  },
  goodAt,
  uses,
  parameters: 'Parameters',
  perToken: (active: string) => `, ${active} per token`,
  download: 'Download',
  /** `seconds`: an estimate. */
  inTime: (seconds: number) => {
    if (seconds < 90) return `, about ${Math.ceil(seconds)} s`
    return seconds < 5400
      ? `, about ${Math.round(seconds / 60)} min`
      : `, about ${Math.round(seconds / 3600)} h`
  },
  memory: 'GPU memory',
  license: 'Licence',
  thinks: { no: 'Answers at once', optional: 'Can think first', always: 'Thinks first' },
  fits: (fits: Fits, quantize: 'none' | 'q4'): string => {
    const how = quantize === 'q4' ? ' in 4 bits' : ''
    if (fits === true) return `Fits${how}`
    return fits === false ? 'Does not fit' : `May fit${how}`
  },
  noSpace: (missing: string) => `${missing} too little space`,
  get: 'Get',
  getNamed: (name: string) => `Get ${name}`,
  details: 'Details',
  detailsNamed: (name: string) => `Details of ${name}`,
  checking: 'Checking…',
  open: 'Open',
  openNamed: (name: string) => `Open ${name}`,
  inUse: 'In use',
  inUseNamed: (name: string) => `In use: ${name}`,
}

const reasons = {
  unsupported: 'Hadal cannot run this model.',
  fits: 'It probably does not fit in the memory of this GPU.',
  space: (missing: string) => `This browser has ${missing} too little space for it.`,
  differs: 'Its files differ from what the list says.',
  freeSpace: 'Free space…',
}

const open = {
  label: 'Hugging Face name, or URL of a model folder',
  check: 'Check',
  note:
    'Reads only the weight list first, so you see what the model needs before downloading it. This page ' +
    'contacts only the host you enter.',
  gated: 'Private or gated model',
  token: 'Access token (sent only to Hugging Face, forgotten when this tab closes)',
  pick: 'Choose a folder…',
  drop: 'or drop one on the page. It is read in place.',
  folder: 'A folder on this device (read in place)',
  chosen: 'Chosen folder',
  families:
    'Runs the published safetensors folders of DeepSeek V1, V2, V3 and R1, Moonlight, Kimi K2, ' +
    'GLM-4.7-Flash, Youtu, Ling, Granite, SmolLM3, Qwen and Llama, also as MLX and others quantized them.',
}

const plan = {
  reading: (label: string) => `Reading the weight list of ${label}…`,
  readingLabel: 'Reading the weight list',
  cancel: 'Cancel',
  failed: 'This model cannot be read',
  again: 'Try again',
  back: 'Back',
  another: 'Choose another model',
  open: 'Open',
  download: (bytes: string) => `Download and open (${bytes})`,
  rest: (bytes: string) => `Download the rest and open (${bytes})`,
  background: 'Download in the background',
  tooLarge: (bytes: string) => `This probably does not fit: it needs ${bytes} of GPU memory.`,
  cannotRun: 'Hadal cannot run this model:',
  architecture: 'Architecture',
  unknown: 'unknown',
  parameters: 'Parameters',
  perToken: (active: string) => `, ${active} per token`,
  size: 'Size',
  inFiles: (bytes: string, count: string, one: boolean) => `${bytes} in ${count} ${one ? 'file' : 'files'}`,
  storedAs: 'Stored as',
  kvCache: 'KV cache',
  kvPerToken: (bytes: string) => `${bytes} per token`,
  kvStandard: (bytes: string) => `; standard attention: ${bytes}`,
  maxContext: 'Maximum context',
  tokens: (count: string) => `${count} tokens`,
  changed: (percent: string) => `, changed by about ${percent} %`,
  memory: (bytes: string, tokens: string) =>
    `GPU memory as suggested: ${bytes} with ${tokens} tokens of context`,
  weights: 'Weights on the GPU',
  fits: (fits: Fits): string => (fits === 'unknown' ? 'may fit' : fits ? 'fits' : 'does not fit'),
  suggested: ' (suggested)',
  context: 'Context length',
  fp8: 'KV cache in FP8',
  fp8Note: 'about half the memory; answers may differ slightly',
  keep: 'Save in this browser for offline use',
  keepNothing: 'Nothing (read it again next time)',
  keepFiles: (bytes: string) => `Original files, ${bytes}`,
  keepPacked: 'Quantized weights only',
}

const stored = {
  included: 'included with the page',
  totals: (count: number, used: string) => `${count === 1 ? '1 model' : `${count} models`}, ${used}`,
  left: (bytes: string) => `${bytes} free`,
  continue: 'Continue…',
  continueNamed: (name: string) => `Continue ${name}`,
  export: 'Export…',
  exportNamed: (name: string) => `Export ${name}`,
  exporting: (file: string) => `Exporting ${file}`,
  cancel: 'Cancel',
  delete: 'Delete ',
  deleteAsk: (bytes: string) => `${bytes}?`,
  deleteHint: 'Press again to delete.',
  damaged: (bytes: string) => `${bytes}, damaged (can only be deleted)`,
  incomplete: (bytes: string, total: string) => `${bytes} of ${total}, incomplete`,
  quantized: (bytes: string) => `${bytes}, quantized`,
  used: (when: string) => `used ${when}`,
  today: 'today',
  neverUsed: 'not used yet',
  empty: 'No other model is stored yet.',
}

export const modelsDialog = {
  catalogue,
  reasons,
  open,
  plan,
  stored,
}

export type ModelsDialogStrings = typeof modelsDialog
