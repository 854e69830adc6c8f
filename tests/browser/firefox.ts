// Launches Firefox with WebGPU on lavapipe for tests.
import { existsSync } from 'node:fs'
import type { Browser } from 'puppeteer-core'
import { describe } from 'vitest'
import { launchFirefox as launch } from '../../tools/firefox.mjs'
import { LAVAPIPE } from '../support/adapter.ts'

const FIREFOX_PATH = process.env.HADAL_FIREFOX || '/usr/bin/firefox-esr'

/** `describe`, skipped without Firefox or lavapipe; where adapters are required, their absence fails. */
export const describeInFirefox = describe.skipIf(
  !(existsSync(FIREFOX_PATH) && LAVAPIPE !== '') && !process.env.HADAL_REQUIRE_ADAPTERS,
)

export const launchFirefox = (): Promise<Browser> => launch(FIREFOX_PATH, LAVAPIPE)
