// Tests of the memory plan: lifetimes, sharing, padding, loops.
import { expect, it } from 'vitest'
import { rmsNorm } from '../../src/kernels/norm.ts'
import { type Activation, Graph, resource } from '../../src/program/graph.ts'
import { planMemory } from '../../src/program/memory.ts'

const unplanned = resource(() => {
  throw new Error('planning must not look buffers up')
})

function chain(graph: Graph, ...activations: Activation[]): void {
  for (let i = 0; i + 1 < activations.length; i++) {
    const [x, y] = [activations[i], activations[i + 1]]
    if (x && y)
      graph.dispatch(rmsNorm, {
        constants: {},
        imports: { reduce: '' },
        operands: { x, weight: unplanned, y },
        grid: [1],
      })
  }
}

const make = (graph: Graph, name: string, cols = 32) => graph.activation(name, [4, cols])

it('needs two buffers for a chain of activations', () => {
  const graph = new Graph()
  const activations = ['a', 'b', 'c', 'd'].map((name) => make(graph, name))
  chain(graph, ...activations)
  const plan = planMemory(graph.dispatches, 4096)
  expect(plan.bytes).toEqual([4 * 32 * 4, 4 * 32 * 4])
  expect(plan.slots.get(activations[0] as Activation)).toBe(plan.slots.get(activations[2] as Activation))
})

it('never shares a buffer between different widths, even with equal stride: padding must stay zero', () => {
  const graph = new Graph()
  chain(graph, make(graph, 'a', 30), make(graph, 'b', 31), make(graph, 'c', 32), make(graph, 'd', 33))
  expect(planMemory(graph.dispatches, 4096).bytes).toHaveLength(4)
})

it('never shares a buffer between padded rows and an unpadded activation', () => {
  const graph = new Graph()
  chain(graph, graph.activation('a', [1, 30]), make(graph, 'b'), graph.unpadded('c', 30))
  expect(planMemory(graph.dispatches, 4096).bytes).toEqual([32 * 4, 4 * 32 * 4, 30 * 4])
})

it('keeps what a loop reads alive until the loop ends', () => {
  const graph = new Graph()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => make(graph, name)) as [Activation, Activation, Activation]
  graph.repeat(
    () => 3,
    () => chain(graph, a, b, c),
  )
  const plan = planMemory(graph.dispatches, 4096)
  expect(new Set(plan.slots.values()).size).toBe(3)
})

it('leaves out activations with a buffer of their own', () => {
  const graph = new Graph()
  chain(graph, make(graph, 'a'), graph.activation('logits', [1, 32], { ownBuffer: unplanned }))
  expect(planMemory(graph.dispatches, 4096).bytes).toHaveLength(1)
})

it('refuses an activation larger than a binding', () => {
  const graph = new Graph()
  chain(graph, make(graph, 'a'), make(graph, 'wide', 512))
  expect(() => planMemory(graph.dispatches, 4096)).toThrow(/"wide", 4 × 512, takes 8192 bytes/)
})
