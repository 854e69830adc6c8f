// What the listed models are good at, in Chinese; an entry without a text here is shown in English.
import type { CatalogueEntry } from '../../../catalogue/catalogue.ts'

const PURPOSES: Readonly<Record<string, string>> = {
  'Qwen3 0.6B': '适合在任何设备上初次尝试：多语言的简短回答。',
  'Llama 3.2 1B Instruct': '用英语和另外七种语言改写和摘要。',
  'SmolLM2 360M Instruct': '改写简短的英文文本。',
  'Qwen2.5 Coder 1.5B Instruct': '在小型设备上编写简短代码。',
  'Qwen3 1.7B': '多语言的日常问题和短文。',
  'DeepSeek R1 Distill Qwen 1.5B': '在小型设备上逐步解数学题。',
  'Youtu LLM 2B': '二十亿参数的推理和编程，缓存很小。',
  'Granite 3.3 2B Instruct': '长文档的摘要、信息提取和问答。',
  'Llama 3.2 3B Instruct': '用英语和另外七种语言对话和摘要。',
  'Qwen3 4B Instruct 2507': '快速回答：指令、摘要、长文本、多语言。',
  'Qwen3 4B Thinking 2507': '经过长时间思考的数学、逻辑和代码。',
  'DeepSeek R1 Distill Qwen 7B': '逐步的数学和逻辑推理。',
  'Qwen2.5 Coder 7B Instruct': '编写、解释和修复代码。',
  'DeepSeek R1 Distill Llama 8B': '英语推理，常识比 7B 更丰富。',
  'Granite 3.3 8B Instruct': '摘要、信息提取、代码和长文档问答。',
  'Qwen3 8B': '多语言的通用对话和推理。',
  'DeepSeek R1 0528 Qwen3 8B': '经过很长思考的高难度数学和代码。',
  'MiniCPM5 2B': '在小型设备上用英语和中文对话和推理。',
  'Qwen3 14B': '通用对话、推理和代码。',
  'DeepSeek R1 Distill Qwen 14B': '推理、数学和代码。',
  'DeepSeek V2 Lite Chat': '英语和中文的通用对话；每词元参数少，缓存小。',
  'DeepSeek Coder V2 Lite Instruct': '多种编程语言的代码；每词元参数少。',
  'Moonlight 16B A3B Instruct': '英语和中文的通用对话、数学和代码；上下文较短。',
  'Ring mini 2.0': '经过长时间思考的数学、逻辑和代码。',
  'Ling mini 2.0': '快速回答一般问题；每词元参数少。',
  'Marco Nano Instruct': '多语言快速回答：八十亿参数中每词元只用六亿。',
  'GLM 4.7 Flash': '代码、智能体和推理。',
  'Qwen3 30B A3B Instruct 2507': '高难度问题、长文本和代码；每词元三十亿参数。',
  'Qwen3 Coder 30B A3B Instruct': '代码和智能体；每词元三十亿参数。',
}

export const goodAtInChinese = ({ name, goodAt }: CatalogueEntry): string => PURPOSES[name] ?? goodAt
