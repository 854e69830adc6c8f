// Entry point of the kernel lab.
import { render } from 'preact'
import { present } from '../../lib/error.ts'
import { pageKept } from '../offline/register.ts'
import { allowOwnScripts } from '../trusted-types.ts'
import { syncAddress } from './state/chosen.ts'
import { openLab } from './state/device.ts'
import { followExperiment } from './state/look.ts'
import { followStoredTuning } from './state/tuning.ts'
import { LabPage } from './view/page.tsx'

allowOwnScripts()
syncAddress()
followExperiment()
followStoredTuning()
render(<LabPage />, present(document.getElementById('app'), 'the element #app'))
void openLab()
void pageKept()
