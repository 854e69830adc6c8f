// Tests of what the page remembers of models: download speed, last use, losses of the GPU, errors, report.
import { beforeEach, expect, test } from 'vitest'
import { downloadSpeed, noteSpeed } from '../../src/app/shared/models/device-facts.ts'
import { recordError, recordedErrors, withoutSecrets } from '../../src/app/shared/models/error-log.ts'
import { forgetUse, lastUse, noteUse } from '../../src/app/shared/models/last-used.ts'
import { formatReport } from '../../src/app/shared/models/report.ts'
import {
  forgetLosses,
  lostOften,
  noteLoss,
  smallerSettings,
  smallestSettings,
} from '../../src/app/shared/models/smaller-settings.ts'
import { HadalError } from '../../src/lib/error.ts'
import { memoryStorage } from './memory-storage.ts'

let storage = memoryStorage()
const getStorage = () => storage
beforeEach(() => {
  storage = memoryStorage()
})

test('the speed of the latest download counts half', () => {
  expect(downloadSpeed(getStorage)).toBeUndefined()
  for (const rate of [Number.NaN, 0, -1]) noteSpeed(rate, getStorage)
  expect(downloadSpeed(getStorage)).toBeUndefined()
  noteSpeed(10e6, getStorage)
  expect(downloadSpeed(getStorage)).toBe(10e6)
  noteSpeed(20e6, getStorage)
  expect(downloadSpeed(getStorage)).toBe(15e6)
  storage.setItem('hadal.speed.1', 'fast')
  expect(downloadSpeed(getStorage)).toBeUndefined()
})

test('the last use of a model is remembered until it is deleted', () => {
  noteUse('hf:a/b', getStorage, 5)
  expect([lastUse('hf:a/b', getStorage), lastUse('hf:c/d', getStorage)]).toEqual([5, undefined])
  forgetUse('hf:a/b', getStorage)
  expect(lastUse('hf:a/b', getStorage)).toBeUndefined()
  storage.setItem('hadal.used.1', '{"hf:a/b":"today"}')
  expect(lastUse('hf:a/b', getStorage)).toBeUndefined()
})

test('two losses within a minute are often, until a choice is made', () => {
  forgetLosses()
  noteLoss(0)
  noteLoss(60_001)
  expect(lostOften.value).toBe(false)
  noteLoss(120_000)
  expect(lostOften.value).toBe(true)
  forgetLosses()
  expect(lostOften.value).toBe(false)
})

test('smaller settings are those that take less', () => {
  const kinds = (...request: Parameters<typeof smallerSettings>) =>
    smallerSettings(...request).map(({ kind }) => kind)
  const latent = { contextLength: 32_768, attention: 'latent', quantize: 'none' } as const
  expect(kinds({}, latent)).toEqual(['context', 'fp8', 'q4'])
  expect(kinds({ cache: 'fp8', quantize: 'q4' }, { ...latent, quantize: 'q4' })).toEqual(['context'])
  expect(kinds({ keep: 'packed' }, { ...latent, contextLength: 2048, attention: 'grouped' })).toEqual([])
  expect(smallerSettings({}, latent)[0]?.options.contextLength).toBe(8192)
  expect(smallestSettings({ contextLength: 4096, token: 't', keep: 'files' })).toEqual({
    contextLength: 2048,
    quantize: 'q4',
    token: 't',
    keep: 'files',
  })
  expect(smallestSettings({ contextLength: 2048, quantize: 'q4' })).toBeUndefined()
})

test.each([
  ['hf_abcDEF123 was refused', 'hf_… was refused'],
  ['GET https://me:secret@host.example/m/?token=1#x failed', 'GET https://host.example/m/ failed'],
  ['read /home/anna/models/a.safetensors', 'read …'],
  ['read C:\\Users\\anna\\a.safetensors', 'read …'],
  ['open file:///Users/anna/a', 'open …'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer …'],
  ['https://host.example/home/m/ has no config.json', 'https://host.example/home/m/ has no config.json'],
])('%s is recorded as %s', (text, expected) => expect(withoutSecrets(text)).toBe(expected))

test('the latest ten errors are kept, without cancellations', () => {
  recordedErrors.value = []
  for (let at = 0; at < 12; at++) recordError(new HadalError('network', `error ${at}`, { file: 'a.json' }))
  recordError(new HadalError('aborted', 'cancelled'))
  expect(recordedErrors.value.map(({ text }) => text)).toEqual(
    Array.from({ length: 10 }, (_, at) => `error ${at + 2} (a.json)`),
  )
})

test('a report names device, model and errors, and neither tokens nor files of the user', () => {
  const parts = {
    page: 'chat-abc.js',
    browser: 'Browser/1',
    adapter: { vendor: 'acme', architecture: 'gen-1', device: '', description: 'Acme 1' },
    limits: { maxBufferSize: 5 },
    deviceMemory: 8,
    phase: 'failed',
    errors: [{ at: '2026-01-01T00:00:00.000Z', code: 'network', text: 'no answer' }],
  }
  const options = { token: 'hf_secret', quantize: 'q4' } as const
  const choice = { name: 'M', source: 'https://host.example/m/?key=1', description: 'words', bundled: false }
  const report = formatReport({ ...parts, choice: { ...choice, options } })
  for (const text of ['acme gen-1 Acme 1', 'maxBufferSize=5', '8 GiB', 'M (https://host.example/m/)'])
    expect(report).toContain(text)
  expect(report).toContain('network: no answer')
  expect(report).not.toMatch(/secret|key=1|words/)
  const own = { ...choice, name: 'private-folder', source: [new File([], 'diary.json')], options }
  expect(formatReport({ ...parts, choice: own })).not.toMatch(/private|diary/)
})
