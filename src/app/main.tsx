// Entry point of the chat page: renders it and starts loading a model.
import { render } from 'preact'
import { expectDefined } from '../lib/error.ts'
import { startTheme } from './preferences/theme.ts'
import { loadInitialModel } from './shared/models/model-choice.ts'
import { allowOwnScripts } from './shared/trusted-types.ts'
import { receiveArrivals } from './state/arrivals.ts'
import { startConversations } from './state/conversations.ts'
import { saveOnPageHide } from './state/session.ts'
import { startLanguage } from './strings/strings.ts'
import { App } from './view/app.tsx'

allowOwnScripts()
startTheme()
await Promise.all([startLanguage(), startConversations()])
receiveArrivals()
render(<App />, expectDefined(document.getElementById('app'), 'the element #app'))
saveOnPageHide()
void loadInitialModel()
