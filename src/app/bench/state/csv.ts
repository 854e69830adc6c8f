// Results as CSV for spreadsheets: one line per row, every number, and no cell that a spreadsheet would
// run as a formula.
import type { BenchResult } from '../../../bench/result.ts'
import { copyFraction } from './result-figures.ts'

type CsvCell = string | number | boolean | undefined

/** RFC 4180: lines end in CR LF, and text is quoted where needed. */
export function toCsv(results: readonly BenchResult[]): string {
  const lines = results.flatMap((result) => result.rows.map((row) => cellsOf(result, row)))
  const names = Object.keys(lines[0] ?? {})
  return [names, ...lines.map((cells) => names.map((name) => cells[name]))]
    .map((cells) => `${cells.map(escapedCell).join(',')}\r\n`)
    .join('')
}

function cellsOf(result: BenchResult, row: BenchResult['rows'][number]): Record<string, CsvCell> {
  const { environment, model, settings } = result
  const cache = result.caches.find(({ cache: kind }) => kind === row.cache)
  const check = cache?.check
  return {
    date: result.date,
    hadal: environment.hadal,
    host: environment.host,
    adapter: environment.adapter,
    software: environment.software,
    model: model.name,
    parameters: model.parameters,
    quantize: model.quantize,
    numbers: settings.numbers,
    cache: row.cache,
    context: row.context,
    bytes: row.bytes,
    formula_bytes: row.formulaBytes,
    bytes_per_token: cache?.bytesPerToken,
    record_bytes: cache?.recordBytes,
    max_context: cache?.maxContext,
    decode_tokens_per_second: row.decode?.tokensPerSecond,
    decode_ms: row.decode?.ms,
    decode_ms_low: row.decode?.msLow,
    decode_ms_high: row.decode?.msHigh,
    clock: row.decode?.clock,
    prefill_tokens_per_second: row.prefill?.tokensPerSecond,
    prefill_ms: row.prefill?.ms,
    prefill_ms_low: row.prefill?.msLow,
    prefill_ms_high: row.prefill?.msHigh,
    read_bytes_per_step: row.readBytesPerStep,
    copy_bytes_per_second: result.copyBytesPerSecond,
    share_of_copy: copyFraction(result, row),
    check: check?.verdict,
    mean_kl: check?.verdict === 'near' ? check.meanKl : undefined,
    missing: row.missing,
  }
}

/**
 * Spreadsheets read text that begins with = + - @ as a formula. An apostrophe, which they hide, turns it back
 * into text.
 */
function escapedCell(cell: CsvCell): string {
  if (typeof cell !== 'string') return cell === undefined ? '' : String(cell)
  const inert = /^[\s]*[=+\-@]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
