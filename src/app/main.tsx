// Answers: where does the page begin? It must not know what the page consists of.
import { render } from 'preact'
import { present } from '../lib/error.ts'
import { start } from './state/opening.ts'
import { watchLeaving } from './state/session.ts'
import { allowOwnScripts } from './trusted-types.ts'
import { App } from './view/app.tsx'

allowOwnScripts()
render(<App />, present(document.getElementById('app'), 'the element #app'))
watchLeaving()
void start()
