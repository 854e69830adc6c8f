// Loads a model, and streams its answers into the page until they end or are stopped.
import { HadalError, loadModel } from 'hadal'

const source = new URLSearchParams(location.search).get('model') ?? 'hf:mlx-community/Qwen3-0.6B-4bit'
const [chat, form, question, send, stop, status] = ['chat', 'form', 'question', 'send', 'stop', 'status'].map(
  (id) => document.getElementById(id),
)
const messages = []
let abort = new AbortController()

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const content = question.value.trim()
  if (content !== '') answer(content)
})
stop.addEventListener('click', () => abort.abort())

function add(tag, className, parent = chat) {
  const element = document.createElement(tag)
  element.className = className
  parent.append(element)
  return element
}

function showBusy(isBusy) {
  question.disabled = send.disabled = isBusy
  stop.hidden = !isBusy
}

const explain = (error) => {
  status.textContent = error instanceof HadalError ? `${error.message} ${error.hint}` : String(error)
}

async function answer(content) {
  abort = new AbortController()
  question.value = ''
  status.textContent = ''
  showBusy(true)
  messages.push({ role: 'user', content })
  add('p', 'question').textContent = content
  const thinking = add('details', 'thinking')
  add('summary', '', thinking).textContent = 'Thinking'
  const thought = add('p', 'answer', thinking)
  const text = add('p', 'answer')
  try {
    const request = { messages, temperature: 0, stream: true }
    for await (const { choices } of await model.chat.completions.create(request, { signal: abort.signal })) {
      thought.append(choices[0]?.delta.reasoning_content ?? '')
      text.append(choices[0]?.delta.content ?? '')
    }
  } catch (error) {
    if (error.name !== 'AbortError') explain(error)
  }
  messages.push({ role: 'assistant', content: text.textContent })
  thinking.hidden = thought.textContent === ''
  showBusy(false)
  question.focus()
}

let model
try {
  model = await loadModel(source, {
    onProgress: ({ fraction }) => {
      status.textContent = `Loading … ${Math.round(100 * fraction)} %`
    },
  })
  status.textContent = `${model.info.name} is ready.`
  showBusy(false)
  question.focus()
} catch (error) {
  explain(error)
}
