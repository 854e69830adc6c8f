// Entry point of the kernel lab's worker: exposes the lab, with commented shaders, through Comlink.
import sources from 'virtual:shaders/whole'
import { expose } from 'comlink'
import { createLabHost } from './host.ts'

expose(createLabHost(navigator.gpu, sources))
