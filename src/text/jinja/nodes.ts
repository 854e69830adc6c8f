// The syntax tree that the parser of @huggingface/jinja makes; its package does not export these types.

export interface Identifier {
  readonly type: 'Identifier'
  readonly value: string
}
export interface Literal {
  readonly type: 'StringLiteral' | 'IntegerLiteral' | 'FloatLiteral'
  readonly value: string | number
}
export interface Sequence {
  readonly type: 'ArrayLiteral' | 'TupleLiteral'
  readonly value: readonly Node[]
}
export interface Member {
  readonly type: 'MemberExpression'
  readonly object: Node
  readonly property: Node
  readonly computed: boolean
}
export interface Slice {
  readonly type: 'SliceExpression'
  readonly start?: Node
  readonly stop?: Node
  readonly step?: Node
}
export interface Call {
  readonly type: 'CallExpression'
  readonly callee: Node
  readonly args: readonly Node[]
}
export interface KeywordArgument {
  readonly type: 'KeywordArgumentExpression'
  readonly key: Identifier
  readonly value: Node
}
export interface Filter {
  readonly type: 'FilterExpression'
  readonly operand: Node
  readonly filter: Node
}
export interface Binary {
  readonly type: 'BinaryExpression'
  readonly operator: { readonly value: string; readonly group: number }
  readonly left: Node
  readonly right: Node
}
export interface For {
  readonly type: 'For'
  readonly loopvar: Node
  readonly iterable: Node
  readonly body: readonly Node[]
  readonly defaultBlock: readonly Node[]
}
export interface Macro {
  readonly type: 'Macro'
  readonly name: Identifier
  readonly args: readonly Node[]
  readonly body: readonly Node[]
}
export interface CallBlock {
  readonly type: 'CallStatement'
  readonly call: Call
  readonly callerArgs: readonly Node[] | null
  readonly body: readonly Node[]
}
export interface SetBlock {
  readonly type: 'Set'
  readonly assignee: Node
  readonly value: Node | null
  readonly body: readonly Node[]
}

export type Node =
  | Identifier
  | Literal
  | Sequence
  | Member
  | Slice
  | Call
  | KeywordArgument
  | Filter
  | Binary
  | For
  | Macro
  | CallBlock
  | SetBlock
  | { readonly type: 'ObjectLiteral'; readonly value: ReadonlyMap<Node, Node> }
  | { readonly type: 'SpreadExpression' | 'KeywordSpreadExpression'; readonly argument: Node }
  | {
      readonly type: 'UnaryExpression'
      readonly operator: { readonly value: string }
      readonly argument: Node
    }
  | { readonly type: 'Ternary'; readonly condition: Node; readonly trueExpr: Node; readonly falseExpr: Node }
  | { readonly type: 'SelectExpression'; readonly lhs: Node; readonly test: Node }
  | {
      readonly type: 'If'
      readonly test: Node
      readonly body: readonly Node[]
      readonly alternate: readonly Node[]
    }
  | { readonly type: 'FilterStatement'; readonly filter: Node; readonly body: readonly Node[] }
  | { readonly type: 'Break' | 'Continue' }
