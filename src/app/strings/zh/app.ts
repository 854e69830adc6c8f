// Chinese texts: what all pages share, preferences and keyboard shortcuts.
import type { Strings } from '../en/index.ts'

export const app: Strings['app'] = {
  pages: {
    chat: { link: '聊天', hint: '与这个标签页里的模型对话' },
    bench: { link: '基准测试', hint: '测量 KV 缓存在这台设备上的开销' },
    lab: { link: '内核实验室', hint: '检查、计时和编辑 GPU 内核' },
    docs: { link: '文档', hint: '指南与库的接口' },
  },
  home: 'Hadal：聊天页面',
  update: '更新',
  updateHint: '有新版本可用，点击即可重新加载。',
  loading: '加载中…',
  partMissing: '此页面的一部分无法加载。可能处于离线状态，或已有新版本。',
  reload: '重新加载页面',
  offline: '可离线使用',
  offlineHint: '此页面所需的一切都已保存在这台设备上。',
  saving: '正在保存以供离线使用…',

  file: '文件',
  tensor: '张量',
  copied: '已复制',
  notCopied: '无法复制',

  webgpu: {
    lead: 'Hadal 通过 WebGPU 在您的 GPU 上运行，而此浏览器目前无法使用 WebGPU。',
    again: '重新检查',
    copy: (text) => `复制 ${text}`,
    insecure: '此地址不安全',
    insecureSteps: [
      '浏览器只允许 https:// 页面和由本机提供的页面使用 WebGPU。',
      '请通过 https 打开此页面，或在提供它的电脑上以 `http://localhost` 打开。',
    ],
    noGpu: (browser) => `${browser} 没有找到可用的 GPU`,
    off: (browser) => `${browser} 中的 WebGPU 已关闭`,
    thisBrowser: '此浏览器',
    thisBrowserFirst: '此浏览器',
    chromium: (scheme) => [
      `打开 \`${scheme}://settings/system\`，启用“可用时使用图形加速功能”。`,
      `打开 \`${scheme}://flags/#enable-unsafe-webgpu\`，选择 Enabled。`,
    ],
    chromiumLinux: (scheme) => `在 Linux 上，还要打开 \`${scheme}://flags/#enable-vulkan\`，选择 Enabled。`,
    chromiumEnd: (scheme) => [
      '重新启动浏览器，然后回到此页面。',
      `仍然不行？\`${scheme}://gpu\` 会说明 WebGPU 为何关闭。更新显卡驱动通常有帮助。`,
    ],
    firefox: [
      '更新 Firefox。在 Windows 和搭载 Apple 芯片的 Mac 上，当前版本默认启用 WebGPU。',
      '否则打开 `about:config`，将 `dom.webgpu.enabled` 设为 true。',
    ],
    firefoxLinux: '在 Linux 上，还要将 `gfx.webgpu.ignore-blocklist` 设为 true。Firefox 153 可以这样使用。',
    firefoxEnd: '重新启动 Firefox，然后回到此页面。',
    ios: [
      '更新到 iOS 或 iPadOS 26 以上，所有浏览器都默认启用 WebGPU。',
      'iOS 18：设置 → App → Safari → 高级 → 功能标志，然后打开 WebGPU。',
    ],
    mac: [
      '更新到 Safari 26 以上，默认启用 WebGPU。',
      'Safari 18：设置 → 高级，显示网页开发者功能，然后在“功能标志”中打开 WebGPU。',
    ],
    other: '请使用最新的 Chrome、Edge、Firefox 或 Safari，它们都支持 WebGPU。',
  },

  units: {
    step: 10_000,
    prefixes: ['', ' 万', ' 亿', ' 万亿'],
    rate: (rate) => `${rate} 词元/秒`,
    seconds: (seconds) => `${seconds} 秒`,
    minutes: (minutes, seconds) => `${minutes} 分 ${seconds} 秒`,
  },

  memory: {
    weights: '权重',
    experts: '专家',
    kv_cache: 'KV 缓存',
    activations: '激活值',
    state: '状态',
    staging: '暂存区',
  },
  sampling: {
    temperature: '温度',
    top_p: 'Top-p 采样',
    seed: '随机种子',
    max_tokens: '回答的最大词元数',
  },

  preferences: '偏好设置',
  theme: '颜色',
  themes: { system: '跟随系统', light: '浅色', dark: '深色' },
  language: '语言',
  otherPages: '其他页面',

  shortcuts: '键盘快捷键',
  close: '关闭',
  singleKeys: '使用单键',
  shortcut: {
    help: '显示此列表',
    newChat: '新对话',
    question: '写问题',
    search: '搜索对话',
    stop: '停止回答',
    regenerate: '重新生成最后的回答',
    edit: '编辑最后的问题',
    copy: '复制最后的回答',
    models: '模型',
    theme: '切换颜色',
    next: '下一个对话',
    previous: '上一个对话',
  },
  inQuestion: '写问题时',
  anywhere: '不在输入时',
  questionKeys: {
    send: '发送',
    newLine: '换行',
    leave: '离开提问框',
  },
}
