// Chinese texts of the models dialog, which load with it.
import type { ModelsDialogStrings } from '../en/models-dialog.ts'
import { goodAtInChinese } from './model-purposes.ts'

type Texts = ModelsDialogStrings

const catalogue: Texts['catalogue'] = {
  note: '来自 Hugging Face Hub，按下载大小排列。在您选择模型之前不会联系 Hub；之后会将其文件与这些数据核对。',
  search: '搜索模型',
  searchHint: '名称、用途、许可证',
  filters: '筛选',
  purpose: '擅长',
  anyPurpose: '不限',
  fitting: '可运行',
  thinking: '会思考',
  small: '不超过 1 GiB',
  context: '上下文',
  tokens: (count) => `${count} 个词元`,
  found: (count, all) => `${all} 个模型中的 ${count} 个`,
  nothingFound: '没有符合条件的模型。',
  clear: '清除搜索和筛选',
  device: (space, speed) => `${space} · ${speed}`,
  space: (bytes) => `此页面可用空间 ${bytes}`,
  spaceUnknown: '可用空间未知',
  speed: (rate) => `上次下载 ${rate}/秒`,
  speedUnknown: '尚未测得下载速度',
  noneFits: (tokens) => `在 ${tokens} 个词元的上下文下，列表中没有适合此设备的模型。`,
  noneFitsHint: '页面自带的 Lanternfish 始终可以运行。',
  shorter: (tokens) => `按 ${tokens} 个词元显示`,
  recommended: '推荐用于此设备',
  because: {
    fits: '列表中确定能在此设备上运行的最强对话模型。',
    modest: '此处无法读取显存大小；大多数设备都足以运行这个模型。',
  },
  goodAt: goodAtInChinese,
  uses: { chat: '对话', code: '代码', reasoning: '推理', texts: '文本' },
  parameters: '参数',
  perToken: (active) => `，每词元 ${active}`,
  download: '下载',
  inTime: (seconds) => {
    if (seconds < 90) return `，约 ${Math.ceil(seconds)} 秒`
    return seconds < 5400
      ? `，约 ${Math.round(seconds / 60)} 分钟`
      : `，约 ${Math.round(seconds / 3600)} 小时`
  },
  memory: '显存',
  license: '许可证',
  thinks: { no: '直接回答', optional: '可先思考', always: '先思考' },
  fits: (fits, quantize) => {
    const how = quantize === 'q4' ? '（4 位）' : ''
    if (fits === true) return `可运行${how}`
    return fits === false ? '无法运行' : `可能可运行${how}`
  },
  noSpace: (missing) => `空间不足 ${missing}`,
  get: '获取',
  getNamed: (name) => `获取 ${name}`,
  details: '详情',
  detailsNamed: (name) => `${name} 的详情`,
  checking: '正在检查…',
  open: '打开',
  openNamed: (name) => `打开 ${name}`,
  inUse: '使用中',
  inUseNamed: (name) => `使用中：${name}`,
}

const reasons: Texts['reasons'] = {
  unsupported: 'Hadal 无法运行此模型。',
  fits: '它可能超出此 GPU 的显存。',
  space: (missing) => `此浏览器的空间还差 ${missing}。`,
  differs: '其文件与列表所述不符。',
  freeSpace: '释放空间…',
}

const open: Texts['open'] = {
  label: 'Hugging Face 名称，或模型文件夹的网址',
  check: '检查',
  note: '先只读取权重列表，让您在下载前了解模型的需求。此页面只联系您输入的主机。',
  gated: '私有或受限模型',
  token: '访问令牌（只发送给 Hugging Face，关闭此标签页后即忘记）',
  pick: '选择文件夹…',
  drop: '或将文件夹拖到页面上。文件在原处读取。',
  folder: '本设备上的文件夹（在原处读取）',
  chosen: '所选文件夹',
  families:
    '可运行 DeepSeek V1、V2、V3 和 R1、Moonlight、Kimi K2、GLM-4.7-Flash、Youtu、Ling、Granite、SmolLM3、' +
    'Qwen 和 Llama 发布的 safetensors 文件夹，包括由 MLX 等量化的版本。',
}

const plan: Texts['plan'] = {
  reading: (label) => `正在读取 ${label} 的权重列表…`,
  readingLabel: '正在读取权重列表',
  cancel: '取消',
  failed: '无法读取此模型',
  again: '重试',
  back: '返回',
  another: '选择其他模型',
  open: '打开',
  download: (bytes) => `下载并打开（${bytes}）`,
  rest: (bytes) => `下载剩余部分并打开（${bytes}）`,
  background: '在后台下载',
  tooLarge: (bytes) => `可能无法运行：需要 ${bytes} 显存。`,
  cannotRun: 'Hadal 无法运行此模型：',
  architecture: '架构',
  unknown: '未知',
  parameters: '参数',
  perToken: (active) => `，每词元 ${active}`,
  size: '大小',
  inFiles: (bytes, count) => `${bytes}，共 ${count} 个文件`,
  storedAs: '存储格式',
  kvCache: 'KV 缓存',
  kvPerToken: (bytes) => `每词元 ${bytes}`,
  kvStandard: (bytes) => `；标准注意力：${bytes}`,
  maxContext: '最大上下文',
  tokens: (count) => `${count} 个词元`,
  changed: (percent) => `，变化约 ${percent}%`,
  memory: (bytes, tokens) => `按建议设置的显存：${bytes}，上下文 ${tokens} 个词元`,
  weights: 'GPU 上的权重',
  fits: (fits) => (fits === 'unknown' ? '可能可运行' : fits ? '可运行' : '无法运行'),
  suggested: '（建议）',
  context: '上下文长度',
  fp8: 'KV 缓存使用 FP8',
  fp8Note: '约一半内存；回答可能略有不同',
  keep: '保存在此浏览器中以便离线使用',
  keepNothing: '不保存（下次重新读取）',
  keepFiles: (bytes) => `原始文件，${bytes}`,
  keepPacked: '仅量化后的权重',
}

const stored: Texts['stored'] = {
  included: '页面自带',
  totals: (count, used) => `${count} 个模型，${used}`,
  left: (bytes) => `剩余 ${bytes}`,
  continue: '继续…',
  continueNamed: (name) => `继续 ${name}`,
  export: '导出…',
  exportNamed: (name) => `导出 ${name}`,
  exporting: (file) => `正在导出 ${file}`,
  cancel: '取消',
  delete: '删除 ',
  deleteAsk: (bytes) => `${bytes}？`,
  deleteHint: '再按一次即删除。',
  damaged: (bytes) => `${bytes}，已损坏（只能删除）`,
  incomplete: (bytes, total) => `${total} 中的 ${bytes}，不完整`,
  quantized: (bytes) => `${bytes}，已量化`,
  used: (when) => `上次使用：${when}`,
  today: '今天',
  neverUsed: '尚未使用',
  empty: '尚未保存其他模型。',
}

export const modelsDialog: Texts = { catalogue, reasons, open, plan, stored }
