// A page for tests of static hosts: exposes what reads a model from one.
import { reportOfHost } from './report.ts'

Object.assign(globalThis, { hosts: { reportOfHost } })
