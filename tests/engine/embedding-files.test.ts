// Tests what the files of an embedding folder may say: what is read, what is refused and by which name.
import { expect, it } from 'vitest'
import { plan, specFromConfig } from '../../src/engine/load/plan.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { HadalError } from '../../src/lib/error.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { modelFiles, textFiles } from '../../src/weights/model-files.ts'
import { EMBEDDING_FIXTURE, embeddingFiles, savedFiles } from '../support/embedding.ts'
import { planFiles, readFolder } from '../support/folder.ts'

const MODULES = 'modules.json'
const POOLING = '1_Pooling/config.json'
const NORMALIZE = '2_Normalize/config.json'
const PROMPTS = 'config_sentence_transformers.json'
const LIMITS = 'sentence_bert_config.json'

const contentOf = (path: string) =>
  JSON.parse(new TextDecoder().decode(embeddingFiles()[path] as Uint8Array<ArrayBuffer>))
const modules: Record<string, unknown>[] = contentOf(MODULES)
const dense = { idx: 2, name: '2', path: '2_Dense', type: 'sentence_transformers.models.Dense' }
const untied = { ...contentOf('config.json'), tie_word_embeddings: false }

async function formatOf(changes: Readonly<Record<string, unknown>>) {
  const checkpoint = await openConfigured(openMemory(embeddingFiles(changes)), {})
  return { format: checkpoint.embedding?.format, notices: checkpoint.notices.texts }
}

const PLAIN = { pooling: 'lasttoken', hiddenSize: 70, normalize: true, prompt: '', maxTokens: undefined }

it.each<[string, Readonly<Record<string, unknown>>, object]>([
  ['the published layout', {}, {}],
  ['the files of version 6', savedFiles(), {}],
  ['no Normalize module', { [MODULES]: modules.slice(0, 2) }, { normalize: false }],
  ['no other files', { [PROMPTS]: undefined }, {}],
  ['a list of one mode', { [POOLING]: { pooling_mode: ['cls'] } }, { pooling: 'cls', hiddenSize: undefined }],
  ['a limit', { [LIMITS]: { max_seq_length: 40, do_lower_case: false } }, { maxTokens: 40 }],
  [
    'a default prompt',
    { [PROMPTS]: { prompts: { query: 'q: ' }, default_prompt_name: 'query' } },
    { prompt: 'q: ' },
  ],
  [
    'a prompt that nobody asks for',
    { [POOLING]: { pooling_mode: 'lasttoken', include_prompt: false } },
    { hiddenSize: undefined },
  ],
])('reads %s', async (_, changes, expected) => {
  expect(await formatOf(changes)).toEqual({ format: { ...PLAIN, ...expected }, notices: [] })
})

it.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
  [
    'a Dense module',
    { [MODULES]: [...modules.slice(0, 2), dense] },
    'unsupported',
    /modules\.json.*models\.Dense/,
  ],
  [
    'a module of its own',
    { [MODULES]: [{ ...modules[0], type: 'custom.Transformer' }] },
    'unsupported',
    /custom\.Transformer/,
  ],
  ['more modules', { [MODULES]: [...modules, dense] }, 'unsupported', /Dense/],
  ['no Pooling', { [MODULES]: modules.slice(0, 1) }, 'unsupported', /no Pooling module/],
  [
    'a folder elsewhere',
    { [MODULES]: [modules[0], { ...modules[1], path: '../x' }] },
    'unsupported',
    /another folder/,
  ],
  ['no list', { [MODULES]: { 0: {} } }, 'bad_file', /modules\.json.*must be a list/],
  ['no object', { [MODULES]: [null] }, 'bad_file', /\[0\]/],
  ['no type', { [MODULES]: [{ path: '' }] }, 'bad_file', /type/],
  ['no JSON', { [MODULES]: '[{' }, 'bad_file', /modules\.json/],
  ['a folder without its file', { [POOLING]: undefined }, 'not_found', /1_Pooling\/config\.json/],
  [
    'no mode',
    { [POOLING]: { word_embedding_dimension: 70, pooling_mode_cls_token: false } },
    'unsupported',
    /no way of pooling/,
  ],
  [
    'two modes',
    { [POOLING]: { pooling_mode_cls_token: true, pooling_mode_max_tokens: true } },
    'unsupported',
    /cls, max/,
  ],
  ['an unknown mode', { [POOLING]: { pooling_mode: 'attention' } }, 'unsupported', /attention/],
  ['a name of objects', { [POOLING]: { pooling_mode: '__proto__' } }, 'unsupported', /__proto__/],
  [
    'no flag',
    { [POOLING]: { pooling_mode_cls_token: 'yes' } },
    'bad_file',
    /pooling_mode_cls_token must be true or false/,
  ],
  ['an unknown key', { [POOLING]: { pooling_mode: 'mean', layers: [1] } }, 'unsupported', /layers/],
  [
    'a size',
    { [POOLING]: { pooling_mode: 'mean', embedding_dimension: 1e9 } },
    'bad_file',
    /embedding_dimension/,
  ],
  [
    'another vector normalized',
    { [NORMALIZE]: { module_input_name: 'token_embeddings' } },
    'unsupported',
    /token_embeddings/,
  ],
  ['a sparse encoder', { [PROMPTS]: { model_type: 'SparseEncoder' } }, 'unsupported', /SparseEncoder/],
  [
    'a prompt that is missing',
    { [PROMPTS]: { prompts: {}, default_prompt_name: 'constructor' } },
    'bad_file',
    /constructor/,
  ],
  ['lower case', { [LIMITS]: { do_lower_case: true } }, 'unsupported', /lower case/],
  [
    'another output',
    { [LIMITS]: { modality_config: { text: { method: 'get_text_features' } } } },
    'unsupported',
    /last hidden states/,
  ],
  ['arguments', { [LIMITS]: { model_args: { is_causal: false } } }, 'unsupported', /model_args/],
  [
    'a prompt left out',
    {
      [POOLING]: { pooling_mode: 'mean', include_prompt: false },
      [PROMPTS]: { prompts: { query: 'q: ' }, default_prompt_name: 'query' },
    },
    'unsupported',
    /prompt/,
  ],
  [
    'code for the model',
    { 'config.json': { ...contentOf('config.json'), auto_map: { AutoModel: 'modeling_qwen.Qwen2Model' } } },
    'unsupported',
    /modeling_qwen/,
  ],
])('refuses %s, and loads the rest', async (_, changes, code, message) => {
  const { format, notices } = await formatOf(changes)
  expect(format).toBeInstanceOf(HadalError)
  expect(format).toMatchObject({ code, message: expect.stringMatching(message) })
  expect(notices).toEqual([expect.stringMatching(message)])
  const { unsupported, gpu } = await planFiles(embeddingFiles(changes))
  expect(unsupported).toEqual([])
  expect(gpu).toBeDefined()
})

it('knows no format in a folder without modules.json', async () => {
  expect((await formatOf({ [MODULES]: undefined })).format).toBeUndefined()
})

it('refuses a model whose attention is not causal', async () => {
  const config = { ...contentOf('config.json'), is_causal: false }
  const { unsupported } = await planFiles(embeddingFiles({ 'config.json': config }))
  expect(unsupported.map(({ what }) => what)).toEqual([expect.stringMatching(/is_causal/)])
})

it('plans a model without an output head, if its folder says how to pool', async () => {
  const tied = await planFiles(embeddingFiles())
  const headless = await planFiles(embeddingFiles({ 'config.json': untied }))
  expect(headless.unsupported).toEqual([])
  expect(headless.gpu?.bytes).toEqual(tied.gpu?.bytes)
  expect(headless.parameters).toBe(tied.parameters)
  expect(headless.notices).toEqual([expect.stringMatching(/no output head/)])
  const chat = planFiles(embeddingFiles({ 'config.json': untied, [MODULES]: undefined }))
  await expect(chat).rejects.toThrow(/lm_head\.weight/)
})

it('refuses a model that can neither write nor embed', async () => {
  const files = embeddingFiles({ 'config.json': untied, [POOLING]: { pooling_mode: 'attention' } })
  const checkpoint = await openConfigured(openMemory(files), {})
  expect(() => specFromConfig(checkpoint)).toThrow(/attention/)
  const { unsupported } = await plan(openMemory(files), { limits: {} })
  expect(unsupported.map(({ what }) => what)).toEqual([expect.stringMatching(/attention/)])
})

it('counts the files of an embedding model among those that a copy needs', async () => {
  const source = openMemory(readFolder(EMBEDDING_FIXTURE))
  const own = [MODULES, POOLING, PROMPTS]
  expect(await textFiles(source)).toEqual(expect.arrayContaining(own))
  expect(await modelFiles(await openConfigured(source, {}))).toEqual(expect.arrayContaining(own))
  const chat = openMemory(embeddingFiles({ [MODULES]: undefined }))
  for (const path of own) expect(await textFiles(chat)).not.toContain(path)
})
