// Instructions for turning on WebGPU, for any page that needs it.

import { CopyButton } from './copy-button.tsx'
import type { MissingWebGpu } from './models/load-state.ts'
import { webGpuInstructions } from './webgpu-instructions.ts'

/** `again`: checks for WebGPU once more. */
export function WebGpuHelp({ missing, again }: { missing: MissingWebGpu; again: () => Promise<void> }) {
  const { title, steps } = webGpuInstructions(missing, navigator.userAgent, navigator.maxTouchPoints > 1)
  return (
    <>
      <h2>{title}</h2>
      <p class="lead">
        Hadal runs on your GPU through WebGPU, which is not available in this browser right now.
      </p>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step}>{withCode(step)}</li>
        ))}
      </ol>
      <button class="primary" type="button" onClick={() => void again()}>
        Check again
      </button>
    </>
  )
}

/** Pages cannot link to browser settings, so their addresses can be copied. */
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
