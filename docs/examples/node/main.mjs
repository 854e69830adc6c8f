// Asks a model from one folder about each text of another, and writes its answers, JSON of a schema, to
// answers.json.
import { openAsBlob } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadModel, openFiles } from 'hadal/core'
import { create } from 'webgpu'

const [modelFolder, folder = 'questions'] = process.argv.slice(2)
if (!modelFolder) {
  console.error('Usage: npm start -- MODEL [FOLDER]')
  process.exit(2)
}

/** The files of a folder, read in place when the model asks for them. */
async function filesIn(path) {
  const names = await readdir(path)
  return Promise.all(names.map(async (name) => new File([await openAsBlob(join(path, name))], name)))
}

const gpu = create([]) // Dawn stops when this is collected
const model = await loadModel(openFiles(await filesIn(modelFolder)), { gpu })
const schema = {
  type: 'object',
  properties: {
    answer: { type: 'string', maxLength: 80 },
    isNumber: { type: 'boolean' },
    topics: { type: 'array', items: { enum: ['arithmetic', 'letters', 'other'] }, minItems: 1, maxItems: 2 },
  },
  required: ['answer', 'isNumber', 'topics'],
  additionalProperties: false,
}
const answers = []
for (const file of (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()) {
  const content = (await readFile(join(folder, file), 'utf8')).trim()
  const { choices } = await model.chat.completions.create({
    messages: [{ role: 'user', content }],
    temperature: 0,
    max_tokens: 400,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
  })
  const answer = JSON.parse(choices[0].message.content)
  console.log(file, answer)
  answers.push({ file, ...answer })
}
await writeFile('answers.json', `${JSON.stringify(answers, null, 2)}\n`)
await model.unload()
process.exit(0) // Dawn would keep the process
