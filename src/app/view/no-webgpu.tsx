// Answers: what does someone without WebGPU see? How to turn it on in this browser. It must not know what it is needed for.
import { helpFor } from '../state/help.ts'
import type { MissingWebGpu } from '../state/loading.ts'
import { start } from '../state/opening.ts'
import { CopyButton } from './copy-button.tsx'
import { Lanternfish } from './lanternfish.tsx'

/** For a page that can do nothing without it. */
export function NoWebGpu({ missing }: { missing: MissingWebGpu }) {
  return (
    <main class="help">
      <Lanternfish lit={0} busy={false} />
      <WebGpuHelp missing={missing} again={start} />
    </main>
  )
}

export function WebGpuHelp({ missing, again }: { missing: MissingWebGpu; again: () => Promise<void> }) {
  const { title, steps } = helpFor(missing, navigator.userAgent, navigator.maxTouchPoints > 1)
  return (
    <>
      <h2>{title}</h2>
      <p class="lead">
        Hadal computes on your graphics card through WebGPU, which this browser does not offer right now.
      </p>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step}>{withCode(step)}</li>
        ))}
      </ol>
      <button class="primary" type="button" onClick={() => void again()}>
        Look again
      </button>
    </>
  )
}

/** Pages may not link to a browser's own addresses, so they can be copied. */
function withCode(step: string) {
  return step.split('`').map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <span key={part} class="copyable">
        <code>{part}</code>
        <CopyButton text={part} label={`Copy ${part}`} />
      </span>
    ),
  )
}
