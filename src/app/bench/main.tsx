// Entry point of the benchmark page.
import { render } from 'preact'
import { expectDefined } from '../../lib/error.ts'
import { loadInitialModel } from '../shared/models/model-choice.ts'
import { allowOwnScripts } from '../shared/trusted-types.ts'
import { syncAddress } from './state/address.ts'
import { BenchPage } from './view/page.tsx'

allowOwnScripts()
syncAddress()
render(<BenchPage />, expectDefined(document.getElementById('app'), 'the element #app'))
void loadInitialModel()
