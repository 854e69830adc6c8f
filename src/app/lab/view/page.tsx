// Answers: what is in the kernel lab? It must not know how any part of it works.
import { home } from '../../state/home.ts'
import { Header } from '../../view/header.tsx'
import { Wordmark } from '../../view/wordmark.tsx'
import { ChoosePanel } from './choose.tsx'
import { Contract } from './contract.tsx'
import { History } from './history.tsx'
import { Outcome } from './outcome.tsx'
import { Source } from './source.tsx'
import { TUNING_ID, Tuning } from './tuning.tsx'

export function LabPage() {
  const name = (
    <a class="name" href={home} aria-label="Hadal: the chat page">
      <Wordmark />
    </a>
  )
  return (
    <div class="page long">
      <button class="skip" type="button" onClick={() => document.getElementById('run')?.focus()}>
        Skip to the lab
      </button>
      <Header name={name} models={false}>
        <a class="quiet" href={home}>
          Chat
        </a>
        <a class="quiet" href={`${home}bench/`}>
          Benchmark
        </a>
      </Header>
      <main class="bench lab">
        <section class="opening">
          <h1>One kernel under the lens</h1>
          <p class="lead">
            Every number that Hadal computes comes out of a short WGSL program. Choose one, read what it
            promises, and run it here: its result is held against plain f64 arithmetic first, then timed
            beside the best that this device can do. Change its text, and see what that does.
          </p>
          <p class="lead">
            Which variants are the quickest on your device, for every model that you load here?{' '}
            <button class="to-tuning" type="button" onClick={toTuning}>
              Tuning
            </button>{' '}
            measures it.
          </p>
        </section>
        <div class="measure">
          <ChoosePanel />
          <Outcome />
        </div>
        <Contract />
        <Source />
        <History />
        <Tuning />
      </main>
    </div>
  )
}

/** Not by a link: the address after the # is for the choices. */
function toTuning() {
  const heading = document.getElementById(TUNING_ID)
  heading?.scrollIntoView()
  heading?.focus({ preventScroll: true })
}
