// Writes the lines of a stored tensor into GPU buffers as its bytes arrive: cut, padded and in order.
import { HadalError } from '../lib/error.ts'
import { toF32 } from '../lib/float.ts'
import type { TensorEntry } from './safetensors.ts'

/** Receives the slices of one tensor, in order; `end` follows the last. */
export interface TensorWriter {
  push(bytes: Uint8Array<ArrayBuffer>): void
  end(): void
}

/** Where consecutive lines of equal length lie in a buffer. */
export interface LinePlacement {
  readonly firstLine: number
  readonly lines: number
  readonly buffer: GPUBuffer
  readonly offset: number // bytes, a multiple of 4
  /** Called when the last line has been written: the buffer range may then be reused. */
  readonly onFilled?: (() => void) | undefined
}

export interface LineTarget {
  readonly lineBytes: number // as stored
  readonly strideBytes: number // on the GPU, a multiple of 4; padding is zero
  readonly firstLine: number // the line of the placements that is the tensor's first
  readonly placements: readonly LinePlacement[]
  /** Checks whole lines before they are written; `firstLine` counts within the tensor. */
  readonly check?: (bytes: Uint8Array<ArrayBuffer>, firstLine: number) => void
  /** Turns whole lines, as stored, into lines of `strideBytes`; by default zeros follow them. */
  readonly encode?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
}

/** Writes a tensor's lines; those that need no padding are written without a copy. Errors: `bad_file`. */
export function lineWriter(queue: GPUQueue, entry: TensorEntry, target: LineTarget): TensorWriter {
  const { lineBytes, strideBytes, firstLine: start } = target
  const pad = (bytes: Uint8Array<ArrayBuffer>) =>
    lineBytes === strideBytes ? bytes : padLines(bytes, lineBytes, strideBytes)
  const { encode = pad } = target
  const lines = (entry.end - entry.start) / lineBytes
  let carry = new Uint8Array(0)
  let line = 0

  const write = (bytes: Uint8Array<ArrayBuffer>) => {
    target.check?.(bytes, line)
    writeLines(queue, target, start + line, encode(bytes))
    line += bytes.length / lineBytes
  }

  return {
    push(bytes) {
      let remaining = bytes
      if (carry.length > 0) {
        const needed = Math.min(lineBytes - carry.length, remaining.length)
        carry = concat(carry, remaining.subarray(0, needed))
        remaining = remaining.subarray(needed)
        if (carry.length < lineBytes) return
        write(carry)
      }
      const wholeBytes = remaining.length - (remaining.length % lineBytes)
      if (wholeBytes > 0) write(remaining.subarray(0, wholeBytes))
      carry = remaining.slice(wholeBytes)
    },
    end() {
      if (line !== lines) throw invalidTensor(entry, `ended after ${line} of ${lines} rows`)
    },
  }
}

/**
 * Writers that hold the bytes of a few tensors until all are complete, in whatever order they come.
 * @param onComplete receives the bytes of each tensor, in the order of `entries`
 */
export function gatheringWriters(
  entries: readonly TensorEntry[],
  onComplete: (parts: readonly Uint8Array<ArrayBuffer>[]) => void,
): (readonly [TensorEntry, TensorWriter])[] {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let missing = entries.length
  return entries.map((entry, index) => {
    let filled = 0
    const writer: TensorWriter = {
      push(bytes) {
        const part = parts[index] ?? new Uint8Array(entry.end - entry.start)
        parts[index] = part
        part.set(bytes, filled)
        filled += bytes.length
      },
      end() {
        if (--missing === 0) onComplete(parts.splice(0))
      },
    }
    return [entry, writer]
  })
}

/** A writer that passes slices on with their place in the tensor. */
export function sliceWriter(onSlice: (at: number, bytes: Uint8Array<ArrayBuffer>) => void): TensorWriter {
  let at = 0
  return {
    push(bytes) {
      onSlice(at, bytes)
      at += bytes.length
    },
    end() {},
  }
}

/** Takes a tensor's bytes as F64 and passes them on as F32. */
export function f64Rounder(writer: TensorWriter): TensorWriter {
  let carry = new Uint8Array(0)
  return {
    push(bytes) {
      const numbers = concat(carry, bytes)
      const whole = numbers.length - (numbers.length % 8)
      carry = numbers.slice(whole)
      writer.push(new Uint8Array(toF32('F64', numbers.subarray(0, whole)).buffer))
    },
    end: () => writer.end(),
  }
}

/** Writes lines [first, first + count) to the placements they fall into. */
function writeLines(
  queue: GPUQueue,
  { strideBytes, placements }: LineTarget,
  first: number,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  const count = bytes.length / strideBytes
  for (const { firstLine, lines, buffer, offset, onFilled } of placements) {
    const end = firstLine + lines
    const from = Math.max(first, firstLine)
    const to = Math.min(first + count, end)
    if (from >= to) continue
    const placedBytes = bytes.subarray((from - first) * strideBytes, (to - first) * strideBytes)
    queue.writeBuffer(buffer, offset + (from - firstLine) * strideBytes, placedBytes)
    if (to === end) onFilled?.()
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

/** Lines of `width` bytes without what pads them to `strideBytes`. */
export function withoutPadding<T extends Uint8Array>(
  padded: T,
  strideBytes: number,
  width: number,
): T | Uint8Array<ArrayBuffer> {
  if (strideBytes === width) return padded
  const count = padded.length / strideBytes
  const lines = new Uint8Array(count * width)
  for (let i = 0; i < count; i++)
    lines.set(padded.subarray(i * strideBytes, i * strideBytes + width), i * width)
  return lines
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** The `bad_file` error for a tensor with invalid bytes. */
export function invalidTensor(entry: TensorEntry, what: string): HadalError {
  return new HadalError('bad_file', `${entry.file}: ${entry.name} ${what}.`, {
    file: entry.file,
    tensor: entry.name,
    hint: 'Download or copy this file again.',
  })
}
