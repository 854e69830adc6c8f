// Instructions for turning on WebGPU, for any page that needs it.

import { strings } from '../strings/strings.ts'
import { CopyButton } from './copy-button.tsx'
import type { MissingWebGpu } from './models/load-state.ts'
import { webGpuInstructions } from './webgpu-instructions.ts'

/** `again`: checks for WebGPU once more. */
export function WebGpuHelp({ missing, again }: { missing: MissingWebGpu; again: () => Promise<void> }) {
  const { title, steps } = webGpuInstructions(missing, navigator.userAgent, navigator.maxTouchPoints > 1)
  return (
    <>
      <h2>{title}</h2>
      <p class="lead">{strings.value.app.webgpu.lead}</p>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step}>{withCode(step)}</li>
        ))}
      </ol>
      <button class="primary" type="button" onClick={() => void again()}>
        {strings.value.app.webgpu.again}
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
        <CopyButton text={part} label={strings.value.app.webgpu.copy(part)} />
      </span>
    ),
  )
}
