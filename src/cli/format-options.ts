// Options that name weight formats, and Markdown tables for their results.
import {
  QUANTIZATIONS,
  type Quantize,
  WEIGHT_CLASSES,
  type WeightClass,
} from '../engine/load/quantization.ts'
import type { QuantizeOption } from '../engine/types.ts'
import { type CliArgs, oneOf, UsageError } from './args.ts'

/** `--quantize q4`, or `--quantize experts=q4,head=q8`: classes not named keep the format of the file. */
export function quantizeOf(args: CliArgs): QuantizeOption {
  const text = args.text('quantize')
  if (!text?.includes('=')) return oneOf(args, 'quantize', [...QUANTIZATIONS, 'auto'], 'none')
  const formats = new Map<WeightClass, Quantize>()
  for (const pair of text.split(',')) {
    const [name, ...rest] = pair.split('=')
    const known = WEIGHT_CLASSES.find((weightClass) => weightClass === name)
    const format = QUANTIZATIONS.find((format) => format === rest.join('='))
    if (known === undefined)
      throw new UsageError(
        `--quantize: unknown weight class "${name}". Classes: ${WEIGHT_CLASSES.join(', ')}.`,
      )
    if (format === undefined)
      throw new UsageError(`--quantize: "${pair}" must be ${name}=${QUANTIZATIONS.join('|')}.`)
    if (formats.has(known)) throw new UsageError(`--quantize: ${name} is given twice.`)
    formats.set(known, format)
  }
  return Object.fromEntries(formats)
}

/** `--formats none,q8,q4` */
export function formatsOf(args: CliArgs, fallback: string): readonly Quantize[] {
  return (args.text('formats') ?? fallback).split(',').map((word) => {
    const known = QUANTIZATIONS.find((format) => format === word)
    if (known === undefined)
      throw new UsageError(`--formats: "${word}" is not ${QUANTIZATIONS.join(' or ')}.`)
    return known
  })
}

/** A Markdown table: the first row is the header, the first column is left-aligned. */
export function markdownTable(rows: readonly (readonly (string | number)[])[]): string {
  const [head = [], ...body] = rows
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'))
  return `${[head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`
}
