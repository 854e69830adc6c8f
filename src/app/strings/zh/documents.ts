// Chinese texts: documents that go with a question.
import type { Strings } from '../en/index.ts'

export const documents: Strings['documents'] = {
  attach: '添加文件',
  dropHere: '松开即可添加文件；模型文件夹则会打开模型',
  attached: '已添加的文件',
  sent: '随此问题发送的文件',
  remove: (name) => `移除 ${name}`,
  show: '查看文本',
  close: '关闭',
  textOf: (name) => `${name} 的文本`,
  reading: '读取中…',
  failed: '无法添加',
  tokens: (count) => `${count} 个词元`,
  atMost: (count) => `一个问题最多添加 ${count} 个文件。`,
  tooLong: (needed, left, model, context) =>
    `大约需要 ${needed} 个词元；${model} 可读取 ${context} 个，还剩 ${left} 个。` +
    '请换用上下文更长的模型，或减少添加的内容。',
  problems: {
    empty: (name) => `${name} 是空文件。`,
    binary: (name) => `${name} 不是文本文件。可以添加文本、代码、CSV、JSON 和 PDF。`,
    large: (name) => `${name} 超出任何模型的读取能力：请添加其中一部分（最多 4 MiB）。`,
    unreadable: (name) => `无法读取 ${name}，它可能已被移动或删除。`,
    damagedPdf: (name) => `${name} 已损坏：无法从这个 PDF 中读取文本。`,
    lockedPdf: (name) => `${name} 有密码保护。请另存为无密码的文件后再添加。`,
    pdfWithoutText: (name) => `${name} 不含文本，只有页面图片。`,
    noPdfReader: (name) => `${name} 需要首次使用时才加载的 PDF 阅读器。请连接一次网络后重试。`,
  },
}
