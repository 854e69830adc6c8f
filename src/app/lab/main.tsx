// Entry point of the kernel lab.
import { render } from 'preact'
import { expectDefined } from '../../lib/error.ts'
import { registerOfflinePage } from '../offline/register.ts'
import { allowOwnScripts } from '../shared/trusted-types.ts'
import { openLab } from './state/device.ts'
import { followExperiment } from './state/kernel-view.ts'
import { syncAddress } from './state/selection.ts'
import { followStoredTuning } from './state/tuning.ts'
import { LabPage } from './view/page.tsx'

allowOwnScripts()
syncAddress()
followExperiment()
followStoredTuning()
render(<LabPage />, expectDefined(document.getElementById('app'), 'the element #app'))
void openLab()
void registerOfflinePage()
