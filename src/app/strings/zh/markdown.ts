// Chinese texts: markdown.
import type { Strings } from '../en/index.ts'

export const markdown: Strings['markdown'] = {
  code: '代码',
  codeIn: (language) => `${language} 代码`,
  copyCode: '复制代码',
  showLines: (lines) => `展开全部 ${lines} 行`,
  showFewer: '收起',
  table: '表格',
  image: '图片',
  done: '已完成',
  notDone: '未完成',
  footnotes: '脚注',
  footnote: (number) => `脚注 ${number}`,
  backToText: (number) => `回到正文脚注 ${number} 处`,
  readAloud: '朗读',
  stopReading: '停止朗读',
  codeOmitted: '代码略。',
  formulaOmitted: '公式',
}
