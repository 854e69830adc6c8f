// Answers: what runs when the lab's worker starts? The lab, with the shaders as they were written, behind Comlink. It must not know the page.
import sources from 'virtual:shaders/whole'
import { expose } from 'comlink'
import { labHost } from './host.ts'

expose(labHost(navigator.gpu, sources))
