// A report for whoever helps: device, model, versions, kernel variants and the latest errors. No
// conversations, tokens or paths.
import type { ModelInfo } from '../../../index.ts'
import { type RecordedError, recordedErrors, withoutSecrets } from './error-log.ts'
import { currentChoice, type LoadState, type ModelChoice } from './load-state.ts'

/** What a report is made of. */
export interface ReportParts {
  readonly page: string
  readonly browser: string
  readonly adapter?: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'> | undefined
  readonly limits?: Readonly<Record<string, number>> | undefined
  readonly deviceMemory?: unknown
  readonly phase: string
  readonly choice?: ModelChoice | undefined
  readonly info?: ModelInfo | undefined
  readonly errors: readonly RecordedError[]
}

/** Limits that decide what fits. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const

/** The report on this page as it is now. */
export async function buildReport(state: LoadState): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null)
  return formatReport({
    page: new URL(import.meta.url).pathname.split('/').at(-1) ?? '',
    browser: navigator.userAgent,
    adapter: adapter?.info,
    limits: adapter ? Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])) : undefined,
    deviceMemory: 'deviceMemory' in navigator ? navigator.deviceMemory : undefined,
    phase: state.phase,
    choice: currentChoice(state),
    info: state.phase === 'ready' ? state.model.info : undefined,
    errors: recordedErrors.value,
  })
}

export function formatReport({ errors, choice, info, ...parts }: ReportParts): string {
  const { vendor, architecture, device, description } = parts.adapter ?? {}
  const adapter = [vendor, architecture, device, description].filter(Boolean).join(' ')
  const memory = parts.deviceMemory === undefined ? 'unknown' : `${Number(parts.deviceMemory)} GiB`
  const lines = [
    'Hadal report',
    `page: ${parts.page}`,
    `browser: ${parts.browser}`,
    `adapter: ${adapter || 'none'}`,
    `limits: ${
      Object.entries(parts.limits ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(' ') || '-'
    }`,
    `device memory: ${memory}`,
    `state: ${parts.phase}`,
    ...(choice ? choiceLines(choice) : []),
    ...(info ? infoLines(info) : []),
    `errors: ${errors.length}`,
    ...errors.map(({ at, code, text }) => `  ${at} ${code}: ${text}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Of the user's own files nothing is told. */
function choiceLines({ name, source, options }: ModelChoice): string[] {
  const { token: _, ...rest } = options
  const isOwn = Array.isArray(source)
  const shown = isOwn ? 'files of this device' : `${withoutSecrets(name)} (${withoutSecrets(String(source))})`
  return [`model: ${shown}`, `options: ${JSON.stringify(rest)}`]
}

const infoLines = (info: ModelInfo): string[] => [
  `architecture: ${info.architecture}, ${info.layers} layers, ${info.parameters} parameters`,
  `runs on: ${info.adapter}`,
  `context: ${info.contextLength}, prefill chunk ${info.prefillChunk}`,
  `weights: ${JSON.stringify(info.quantize)}`,
  `variants: ${info.variants.map((variant) => JSON.stringify(variant)).join(' ')}`,
]
