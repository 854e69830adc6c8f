// Layout of the kernel lab.
import { Header } from '../../shared/header.tsx'
import { Contract } from './contract.tsx'
import { RunHistory } from './run-history.tsx'
import { ChoosePanel } from './run-panel.tsx'
import { RunOutcome } from './run-result.tsx'
import { KernelSource } from './source.tsx'
import { TUNING_ID, TuningPanel } from './tuning.tsx'

export function LabPage() {
  return (
    <div class="page long">
      <button class="skip" type="button" onClick={() => document.getElementById('run')?.focus()}>
        Skip to the lab
      </button>
      <Header page="lab" />
      <main class="content lab">
        <section class="opening">
          <h1>One kernel under the lens</h1>
          <p class="lead">
            Every number that Hadal computes comes from a short WGSL program. Choose one, read its contract,
            and run it here: its result is checked against plain f64 arithmetic, then timed against the limits
            of this device. Edit its source, and see what changes.
          </p>
          <p class="lead">
            <button class="to-tuning" type="button" onClick={toTuning}>
              Tuning
            </button>{' '}
            finds the fastest variants on your device, for every model that you load here.
          </p>
        </section>
        <div class="measure">
          <ChoosePanel />
          <RunOutcome />
        </div>
        <Contract />
        <KernelSource />
        <RunHistory />
        <TuningPanel />
      </main>
    </div>
  )
}

/** Scrolls instead of using a link, because the part after the # holds the choices. */
function toTuning() {
  const heading = document.getElementById(TUNING_ID)
  heading?.scrollIntoView()
  heading?.focus({ preventScroll: true })
}
