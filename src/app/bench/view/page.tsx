// Answers: what is on the benchmark page? It must not know how any part of it works.
import { home } from '../../state/home.ts'
import { Header } from '../../view/header.tsx'
import { ModelsDialog } from '../../view/models/dialog.tsx'
import { dropTarget } from '../../view/models/drop.ts'
import { Wordmark } from '../../view/wordmark.tsx'
import { Calculator } from './calculator.tsx'
import { Claims } from './claims.tsx'
import { Compare } from './compare.tsx'
import { Method } from './method.tsx'
import { Pictures } from './pictures.tsx'
import { ResultsTable } from './results-table.tsx'
import { RunPanel } from './run-panel.tsx'

export function BenchPage() {
  const name = (
    <a class="name" href={home} aria-label="Hadal: the chat page">
      <Wordmark />
    </a>
  )
  return (
    <div class="page long" {...dropTarget}>
      <button class="skip" type="button" onClick={() => document.getElementById('run')?.focus()}>
        Skip to the benchmark
      </button>
      <Header name={name} models>
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
            Attention keeps something of every token that came before. Standard attention keeps keys and
            values for each of its heads; latent attention (MLA), as DeepSeek trains it, keeps one short
            vector that all heads share. Measure the difference here: on your own GPU, with the same weights,
            writing the same text.
          </p>
        </section>
        <div class="measure">
          <RunPanel />
          <Pictures />
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
