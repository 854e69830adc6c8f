// Answers: where does the kernel lab begin? It must not know what the page consists of.
import { render } from 'preact'
import { present } from '../../lib/error.ts'
import { pageKept } from '../offline/register.ts'
import { allowOwnScripts } from '../trusted-types.ts'
import { followAddress } from './state/chosen.ts'
import { openLab } from './state/device.ts'
import { followChoices } from './state/look.ts'
import { followTuned } from './state/tuning.ts'
import { LabPage } from './view/page.tsx'

allowOwnScripts()
followAddress()
followChoices()
followTuned()
render(<LabPage />, present(document.getElementById('app'), 'the element #app'))
void openLab()
void pageKept()
