// Tests that waiting ends with the work or with the signal, whichever comes first.
import { expect, test } from 'vitest'
import { untilAborted } from '../../src/lib/abort.ts'

const never = new Promise<never>(() => {})

test('passes on what the work resolves or rejects with', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve(3), signal)).toBe(3)
  expect(await untilAborted(Promise.resolve(3), undefined)).toBe(3)
  await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
})

test('rejects at once when the signal fires, before or during the work', async () => {
  const cancel = new AbortController()
  const waiting = untilAborted(never, cancel.signal)
  cancel.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  await expect(untilAborted(never, cancel.signal)).rejects.toMatchObject({ code: 'aborted' })
})
