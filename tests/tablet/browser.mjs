// The browser that stands in for a tablet's web view: today's Chromium, or, where JIAFANG_WEB_VIEW names its folder, the
// Chromium 91 that `./dev web-view` unpacks, with a driver of its time. A desk is no tablet: it has today's always.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const old = process.env.JIAFANG_WEB_VIEW

function driver(manifest) {
  return createRequire(join(root, manifest))('playwright-core').chromium
}

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync']

/** A browser of its own in a folder of its own, at a tablet's size with touch, or at a desk's with a mouse. */
export function opensBrowser(folder, { viewport, touch, locale }) {
  const isOld = Boolean(old) && touch
  // For today's, playwright-core is a development package of the user interface.
  return driver(isOld ? 'tests/tablet/web-view-91/package.json' : 'ui/package.json').launchPersistentContext(folder, {
    executablePath: isOld ? join(old, 'chromium') : '/usr/bin/chromium',
    headless: true,
    args: isOld ? [...QUIET, '--no-zygote', '--use-gl=swiftshader'] : QUIET,
    viewport,
    hasTouch: touch,
    isMobile: touch,
    locale,
    timezoneId: 'Asia/Shanghai',
  })
}
