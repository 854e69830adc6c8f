// Answers: which kernels can be measured? It must not know how.
import type { CaseMaker } from './case.ts'
import { expertCases, expertPrefillCases } from './expert-cases.ts'
import { headsCases } from './heads-cases.ts'
import { latentCases } from './latent-cases.ts'
import { linearDecodeCases, linearPrefillCases } from './linear-cases.ts'
import { prefillAttentionCases } from './prefill-attention-cases.ts'
import { rowCases } from './row-cases.ts'

export const allCases: readonly CaseMaker[] = [
  ...linearDecodeCases,
  ...expertCases,
  ...latentCases,
  ...headsCases,
  ...linearPrefillCases,
  ...expertPrefillCases,
  ...prefillAttentionCases,
  ...rowCases,
]
