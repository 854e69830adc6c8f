// Answers: which kernels can be measured? It must not know how.
import type { CaseMaker } from './case.ts'
import { expertCases } from './expert-cases.ts'
import { linearDecodeCases, linearPrefillCases } from './linear-cases.ts'

export const allCases: readonly CaseMaker[] = [...linearDecodeCases, ...expertCases, ...linearPrefillCases]
