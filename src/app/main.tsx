// Entry point of the chat page: renders it and starts loading a model.
import { render } from 'preact'
import { present } from '../lib/error.ts'
import { start } from './state/opening.ts'
import { saveOnPageHide } from './state/session.ts'
import { allowOwnScripts } from './trusted-types.ts'
import { App } from './view/app.tsx'

allowOwnScripts()
render(<App />, present(document.getElementById('app'), 'the element #app'))
saveOnPageHide()
void start()
