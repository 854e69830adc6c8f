// Answers: where does the benchmark page begin? It must not know what the page consists of.
import { render } from 'preact'
import { present } from '../../lib/error.ts'
import { start } from '../state/opening.ts'
import { allowOwnScripts } from '../trusted-types.ts'
import { followAddress } from './state/address.ts'
import { BenchPage } from './view/page.tsx'

allowOwnScripts()
followAddress()
render(<BenchPage />, present(document.getElementById('app'), 'the element #app'))
void start()
