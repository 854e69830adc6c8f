// Why a file cannot go with a question.

/** The texts are in `strings.documents.problems`. */
export type Problem =
  | 'empty'
  | 'binary'
  | 'large'
  | 'unreadable'
  | 'damagedPdf'
  | 'lockedPdf'
  | 'pdfWithoutText'
  | 'noPdfReader'

export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem)
    this.problem = problem
  }
}
