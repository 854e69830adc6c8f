// Chinese texts of models outside their dialog.
import type { Strings } from '../en/index.ts'

type Texts = Strings['models']

const dialog: Texts['dialog'] = {
  title: '模型',
  close: '关闭',
  tabs: '模型来源',
  catalogue: '推荐试用',
  stored: '本设备上',
  other: '打开其他模型',
  otherTab: '其他来源',
  button: '模型：',
  none: '模型',
}

const downloads: Texts['downloads'] = {
  title: '下载',
  checking: '正在检查…',
  waiting: '等待前一个下载',
  paused: '已暂停',
  ready: (name) => `${name} 已就绪。`,
  failed: (name) => `${name} 的下载已停止。`,
  downloading: (name) => `正在下载 ${name}`,
  progress: (name) => `${name} 的下载进度`,
  percent: (percent) => `${percent}%`,
  pause: '暂停',
  pauseNamed: (name) => `暂停 ${name}`,
  resume: '继续',
  resumeNamed: (name) => `继续 ${name}`,
  cancel: '取消',
  cancelAsk: (bytes) => `丢弃 ${bytes}？`,
  cancelHint: '再按一次将丢弃已下载的部分。',
  switchNow: '立即切换',
  switchNamed: (name) => `立即切换到 ${name}`,
  later: '稍后',
  laterNamed: (name) => `稍后：${name}`,
  switchWhenReady: '就绪后切换',
  more: (count) => `另有 ${count} 个`,
}

const load: Texts['load'] = {
  looking: '正在查找您的 GPU',
  loading: '正在加载模型',
  cancel: '取消',
  of: (bytes, total) => `${bytes} / ${total}`,
  rate: (bytes) => `${bytes}/秒`,
  left: (time) => `剩余 ${time}`,
  checking: (done, all) => `正在您的 GPU 上检查内核，${done} / ${all}`,
  phases: {
    list: () => '正在读取权重列表',
    tokenizer: () => '正在读取分词器',
    wait: () => '正在等待另一个保存此模型的标签页',
    download: (file) => `正在下载 ${file || '权重'}`,
    verify: (file) => `正在校验 ${file || '权重'}`,
    convert: (file) => `正在量化 ${file || '权重'}`,
    upload: (file) => `正在加载 ${file || '权重'}`,
    keep: (file) => `正在将 ${file || '权重'} 保存到此浏览器`,
    compile: () => '正在为您的 GPU 编译着色器',
    ready: () => '就绪',
  },
}

const failure: Texts['failure'] = {
  gpuLost: 'GPU 已丢失',
  cancelled: '加载已取消',
  failed: '无法加载模型',
  again: '重试',
  continue: '继续',
  smaller: '使用更小的设置',
  freeSpace: '释放空间…',
  another: '选择其他模型',
  token: '输入访问令牌…',
  bundled: '打开 Lanternfish',
  choose: '选择模型…',
}

const recovery: Texts['recovery'] = {
  gpu: '浏览器失去了 GPU。',
  worker: '运行模型的工作线程已结束。',
  again: '正在重新加载模型。',
  loading: '正在重新加载模型',
  waiting: '正在等待 GPU',
  often: 'GPU 在一分钟内丢失了两次：其显存可能不足以支持这些设置。',
  context: (tokens) => `上下文 ${tokens} 个词元`,
  fp8: 'KV 缓存使用 FP8',
  q4: '权重使用 4 位',
  another: '更小的模型…',
  keep: '保持不变',
}

const report: Texts['report'] = {
  copy: '复制报告',
  copied: '已复制',
  failed: '无法复制',
  hint: '设备、模型、版本和最近的错误；不含对话内容。',
}

export const models: Texts = { dialog, downloads, load, failure, recovery, report }
