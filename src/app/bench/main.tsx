// Entry point of the benchmark page.
import { render } from 'preact'
import { present } from '../../lib/error.ts'
import { start } from '../state/opening.ts'
import { allowOwnScripts } from '../trusted-types.ts'
import { syncAddress } from './state/address.ts'
import { BenchPage } from './view/page.tsx'

allowOwnScripts()
syncAddress()
render(<BenchPage />, present(document.getElementById('app'), 'the element #app'))
void start()
