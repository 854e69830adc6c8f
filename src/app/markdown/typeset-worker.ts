// Worker that colours code and typesets formulas, so that neither can hold up the page.
import type { CodeLines, MathNode, TypesetJob, TypesetReply, TypesetRequest } from './typeset-types.ts'

const reply = (message: TypesetReply) => postMessage(message)

addEventListener('message', async ({ data: { id, job } }: MessageEvent<TypesetRequest>) => {
  let result: CodeLines | MathNode | undefined
  try {
    const run = await prepare(job)
    reply({ id, began: true })
    result = await run()
  } finally {
    // A chunk that cannot be loaded leaves the text as it is.
    reply({ id, began: false, result })
  }
})

/** Loads what the job needs. Only what the returned function does counts as its time. */
async function prepare(
  job: TypesetJob,
): Promise<() => Promise<CodeLines | undefined> | MathNode | undefined> {
  if (job.kind === 'math') {
    const { typesetMath } = await import('./math-tree.ts')
    return () => typesetMath(job.text, job.display)
  }
  const { highlightCode } = await import('./highlight.ts')
  return () => highlightCode(job.text, job.language)
}
