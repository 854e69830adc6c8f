// Layout of the benchmark page.
import { home } from '../../state/home.ts'
import { Header } from '../../view/header.tsx'
import { ModelsDialog } from '../../view/models/dialog.tsx'
import { dropTarget } from '../../view/models/drop.ts'
import { Wordmark } from '../../view/wordmark.tsx'
import { Calculator } from './calculator.tsx'
import { Claims } from './claims.tsx'
import { Compare } from './compare.tsx'
import { Method } from './method.tsx'
import { Charts } from './pictures.tsx'
import { ResultsTable } from './results-table.tsx'
import { RunPanel } from './run-panel.tsx'

export function BenchPage() {
  const brand = (
    <a class="name" href={home} aria-label="Hadal: the chat page">
      <Wordmark />
    </a>
  )
  return (
    <div class="page long" {...dropTarget}>
      <button class="skip" type="button" onClick={() => document.getElementById('run')?.focus()}>
        Skip to the benchmark
      </button>
      <Header name={brand} models>
        <a class="quiet" href={home}>
          Chat
        </a>
        <a class="quiet" href={`${home}lab/`}>
          Kernel lab
        </a>
      </Header>
      <main class="bench">
        <section class="opening">
          <h1>What does a token cost to remember?</h1>
          <p class="lead">
            Attention keeps data about every earlier token. Standard attention keeps keys and values for each
            head; DeepSeek’s latent attention (MLA) keeps one short vector that all heads share. Measure the
            difference here: on your own GPU, with the same weights, writing the same text.
          </p>
        </section>
        <div class="measure">
          <RunPanel />
          <Charts />
        </div>
        <ResultsTable />
        <Compare />
        <Calculator />
        <Claims />
        <Method />
      </main>
      <ModelsDialog />
    </div>
  )
}
