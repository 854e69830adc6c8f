// Layout of the benchmark page.
import { Header } from '../../shared/header.tsx'
import { ModelsDialog } from '../../shared/models/dialog.tsx'
import { dropHandlers } from '../../shared/models/drop.ts'
import { ModelButton } from '../../shared/models/model-button.tsx'
import { modelSaved } from '../../shared/models/model-choice.ts'
import { Calculator } from './calculator.tsx'
import { Charts } from './charts.tsx'
import { Claims } from './claims.tsx'
import { Method } from './method.tsx'
import { Compare } from './results-list.tsx'
import { ResultsTable } from './results-table.tsx'
import { RunPanel } from './run-panel.tsx'

export function BenchPage() {
  return (
    <div class="page long" {...dropHandlers}>
      <button class="skip" type="button" onClick={() => document.getElementById('run')?.focus()}>
        Skip to the benchmark
      </button>
      <Header page="bench" saved={modelSaved.value}>
        <ModelButton />
      </Header>
      <main class="content bench">
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
