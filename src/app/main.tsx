// Entry point of the chat page: renders it and starts loading a model.
import { effect } from '@preact/signals'
import { render } from 'preact'
import { expectDefined } from '../lib/error.ts'
import { startTheme } from './preferences/theme.ts'
import { answerRunning } from './shared/models/downloads.ts'
import { loadInitialModel } from './shared/models/model-choice.ts'
import { allowOwnScripts } from './shared/trusted-types.ts'
import { receiveArrivals } from './state/arrivals.ts'
import { startConversations } from './state/conversations.ts'
import { runningConversations, saveOnPageHide } from './state/session.ts'
import { startLanguage } from './strings/strings.ts'
import { App } from './view/app.tsx'

allowOwnScripts()
startTheme()
await Promise.all([startLanguage(), startConversations()])
receiveArrivals()
render(<App />, expectDefined(document.getElementById('app'), 'the element #app'))
saveOnPageHide()
// A model that was downloaded waits for the end of the answers of the one before it.
effect(() => {
  answerRunning.value = runningConversations.value.size > 0
})
void loadInitialModel()
