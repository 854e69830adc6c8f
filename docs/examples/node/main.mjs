// Answers the questions of a folder with a model from another folder, and writes answers.json.
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
const answers = []
for (const file of (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()) {
  const content = (await readFile(join(folder, file), 'utf8')).trim()
  const request = { messages: [{ role: 'user', content }], temperature: 0, stream: true }
  let answer = ''
  for await (const { choices } of await model.chat.completions.create(request)) {
    const piece = choices[0]?.delta.content ?? ''
    process.stdout.write(piece)
    answer += piece
  }
  process.stdout.write('\n')
  answers.push({ file, answer })
}
await writeFile('answers.json', `${JSON.stringify(answers, null, 2)}\n`)
await model.unload()
process.exit(0) // Dawn would keep the process
