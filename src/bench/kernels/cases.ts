// Lists all kernel benchmark cases.
import type { CaseMaker } from './case.ts'
import { EXPERT_DECODE_CASES, EXPERT_PREFILL_CASES } from './expert-cases.ts'
import { GQA_CASES } from './gqa-cases.ts'
import { LINEAR_DECODE_CASES, LINEAR_PREFILL_CASES } from './linear-cases.ts'
import { MLA_DECODE_CASES } from './mla-cases.ts'
import { MLA_PREFILL_CASES } from './mla-prefill-cases.ts'
import { ROW_CASES } from './row-cases.ts'

export const ALL_CASES: readonly CaseMaker[] = [
  ...LINEAR_DECODE_CASES,
  ...EXPERT_DECODE_CASES,
  ...MLA_DECODE_CASES,
  ...GQA_CASES,
  ...LINEAR_PREFILL_CASES,
  ...EXPERT_PREFILL_CASES,
  ...MLA_PREFILL_CASES,
  ...ROW_CASES,
]
