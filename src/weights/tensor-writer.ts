// Answers: who takes the bytes of one stored tensor, and how are its lines put into GPU buffers as they arrive? Cut, padded and in order.
// It must not know what the bytes mean.
import { HadalError } from '../lib/error.ts'
import type { TensorEntry } from './safetensors.ts'

/** Takes the pieces of one tensor, in order; `end` follows the last. */
export interface TensorWriter {
  push(bytes: Uint8Array<ArrayBuffer>): void
  end(): void
}

/** A place for lines of equal length, one after the other. */
export interface LinePlace {
  readonly firstLine: number
  readonly lines: number
  readonly buffer: GPUBuffer
  readonly offset: number // bytes, a multiple of 4
  /** Called when the last line has been written: the place may then be used for others. */
  readonly filled?: (() => void) | undefined
}

export interface Lines {
  readonly lineBytes: number // as stored
  readonly strideBytes: number // on the GPU, a multiple of 4: what is more is zero
  readonly start: number // which line of the places is the tensor's first
  readonly places: readonly LinePlace[]
  /** Looks at whole lines before they are written; `firstLine` is of the tensor. */
  readonly check: (bytes: Uint8Array<ArrayBuffer>, firstLine: number) => void
}

/** Writes a tensor's lines; those that need no padding go straight from the piece to the GPU. */
export function lineWriter(queue: GPUQueue, entry: TensorEntry, target: Lines): TensorWriter {
  const { lineBytes, strideBytes, start } = target
  const lines = (entry.end - entry.start) / lineBytes
  let carry = new Uint8Array(0)
  let line = 0

  const write = (bytes: Uint8Array<ArrayBuffer>) => {
    target.check(bytes, line)
    const padded = lineBytes === strideBytes ? bytes : padLines(bytes, lineBytes, strideBytes)
    writeLines(queue, target, start + line, padded)
    line += bytes.length / lineBytes
  }

  return {
    push(bytes) {
      let rest = bytes
      if (carry.length > 0) {
        const need = Math.min(lineBytes - carry.length, rest.length)
        carry = concat(carry, rest.subarray(0, need))
        rest = rest.subarray(need)
        if (carry.length < lineBytes) return
        write(carry)
      }
      const whole = rest.length - (rest.length % lineBytes)
      if (whole > 0) write(rest.subarray(0, whole))
      carry = rest.slice(whole)
    },
    end() {
      if (line !== lines) throw brokenTensor(entry, `ended after ${line} of ${lines} rows`)
    },
  }
}

/** Lines that cross from one place into the next are cut there. */
function writeLines(
  queue: GPUQueue,
  { strideBytes, places }: Lines,
  first: number,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  const count = bytes.length / strideBytes
  for (const { firstLine, lines, buffer, offset, filled } of places) {
    const end = firstLine + lines
    const from = Math.max(first, firstLine)
    const to = Math.min(first + count, end)
    if (from >= to) continue
    const own = bytes.subarray((from - first) * strideBytes, (to - first) * strideBytes)
    queue.writeBuffer(buffer, offset + (from - firstLine) * strideBytes, own)
    if (to === end) filled?.()
  }
}

function padLines(bytes: Uint8Array, lineBytes: number, strideBytes: number): Uint8Array<ArrayBuffer> {
  const count = bytes.length / lineBytes
  const padded = new Uint8Array(count * strideBytes)
  for (let line = 0; line < count; line++) {
    padded.set(bytes.subarray(line * lineBytes, (line + 1) * lineBytes), line * strideBytes)
  }
  return padded
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** The error for a tensor whose bytes cannot be right. */
export function brokenTensor(entry: TensorEntry, what: string): HadalError {
  return new HadalError('bad_file', `${entry.file}: ${entry.name} ${what}.`, {
    file: entry.file,
    tensor: entry.name,
    hint: 'Download or copy this file again.',
  })
}
