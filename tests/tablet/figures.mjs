// What a slow tablet feels, in figures: a teacher with 500 dossiers, in a browser that is slowed down six times.
//   node tests/tablet/figures.mjs        today's Chromium, or the one that JIAFANG_WEB_VIEW names: ./dev web-view figures
// Nothing fails for being slow, and it always ends. Only the page's thread is slowed; the backend beside it is the build that
// JIAFANG_BIN_DIR names, on this machine's processor. The judge is a tablet (docs/android.md).
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { finger, opensList, ownProcesses, scrolls, watches } from './frames.mjs'
import { DESK, PIN, TABLET, Township } from './township.mjs'

const SLOWED = 6
const DOSSIERS = 500
const ROUNDS = 5
/** The whole ends after so long, and says where it stood. */
const LIMIT_MS = 240_000

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const inMs = (value) => `${Math.round(value)} ms`
const inFrames = ({ perSecond, usual, latest }) => `${perSecond.toFixed(1)} a second, 95 % within ${inMs(usual)}, the latest ${inMs(latest)}`

/** Notes in the page when a thing was first painted, and when the person pressed "unlock". */
function marks() {
  window.marks = {}
  const note = (name) => requestAnimationFrame(() => setTimeout(() => (window.marks[name] ??= performance.now())))
  new MutationObserver(() => {
    for (const name of ['unlock-pin', 'today-card']) {
      if (!window.marks[name] && document.querySelector(`[data-testid=${name}]`)) note(name)
    }
  }).observe(document, { subtree: true, childList: true })
  addEventListener(
    'click',
    (event) => {
      if (event.target.closest('[data-testid=unlock-submit]')) window.marks.pressed = performance.now()
    },
    true,
  )
}

let standsAt = 'the township'

async function slowed(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED })
}

/** Starts the app anew: its first page, and from the PIN to the list of what is to be done. */
async function coldStart(township) {
  const page = await township.opens('tablet', TABLET, 'zh-CN', async (blank) => {
    await blank.addInitScript(marks)
    await slowed(blank)
  })
  await page.getByTestId('unlock-pin').fill(PIN)
  await page.getByTestId('unlock-submit').click()
  await page.getByTestId('today-card').first().waitFor()
  const seen = await page.waitForFunction(() => window.marks['today-card'] && window.marks).then((found) => found.jsonValue())
  await township.closes(page)
  return { first: seen['unlock-pin'], list: seen['today-card'] - seen.pressed }
}

/** What the page holds: its objects after a collection, and the memory of its process that no other one shares. */
async function memory(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return { objects: usedSize / 1e6, process: ownMemoryBytes() / 1e6 }
}

/** Of the largest process that draws pages, among those that this program has started: no other browser runs by then. */
function ownMemoryBytes() {
  const own = (id) =>
    [...readFileSync(`/proc/${id}/smaps_rollup`, 'utf8').matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)]
      .map(([, kilobytes]) => Number(kilobytes) * 1024)
      .reduce((sum, bytes) => sum + bytes, 0)
  const drawsPages = (id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer')
  return Math.max(...ownProcesses().filter(drawsPages).map(own))
}

async function measures(township) {
  const town = `place:${township.village.code.slice(0, 9)}`
  const desk = await township.opens('desk', DESK)
  await township.enrols(desk, township.invites('赵敏', 'township_officer', town))
  await desk.getByTestId('nav-roster').click()
  await desk.getByTestId('roster-file').setInputFiles(township.roster(Math.ceil(DOSSIERS * 1.06)))
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await township.syncs(desk)
  await township.closes(desk)
  const tablet = await township.opens('tablet', TABLET)
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', town))
  await township.syncs(tablet)
  const version = await tablet.evaluate(() => /Chrome\/([\d.]+)/.exec(navigator.userAgent)[1])
  await township.closes(tablet)

  standsAt = 'the starts'
  const starts = []
  for (let round = 0; round < ROUNDS; round += 1) starts.push(await coldStart(township))
  const first = median(starts.map((start) => start.first))
  const list = median(starts.map((start) => start.list))
  standsAt = 'the list of all rows'
  const page = await township.opens('tablet', TABLET)
  const rows = await opensList(page, PIN, DOSSIERS)
  standsAt = 'the frames'
  const session = await finger(page, SLOWED)
  const drawn = await scrolls(page, session)
  const held = await memory(page)
  const { shown, busy } = await watches(page, session)
  const percent = (share) => `${Math.round(share * 100)} %`
  process.stdout.write(
    [
      `Chromium ${version}, ${TABLET.width} × ${TABLET.height}, slowed ${SLOWED} times, ${rows} dossiers, load of the machine ${loadavg()[0].toFixed(1)}, ${ROUNDS} starts`,
      '',
      '| what | goal | measured |',
      '| --- | --- | --- |',
      `| cold start, until the PIN can be typed, and from the PIN to the list of tasks | 2,000 ms | ${inMs(first)} + ${inMs(list)} = ${inMs(first + list)} |`,
      `| ${rows} rows under a finger, ${Math.round(drawn.px)} px: frames shown | 60 frames/s, none later than 100 ms | ${inFrames(shown)}; ${shown.missed} of ${shown.frames + shown.missed} missed, ${shown.blank} with a part that was not drawn yet |`,
      `| the same: frames of the page | – | ${inFrames(drawn)} |`,
      `| meanwhile, of the time: the page's own thread works; what draws, on this processor | – | ${percent(busy.page)}; ${percent(busy.draws)} |`,
      `| memory of the page: its process, shared parts left out | 120 MB | ${held.process.toFixed(0)} MB (its objects: ${held.objects.toFixed(1)} MB) |`,
      '',
    ].join('\n'),
  )
}

const township = await Township.start()
const limit = new Promise((_, reject) => {
  setTimeout(() => reject(new Error(`Not done within ${LIMIT_MS} ms; it stood at: ${standsAt}`)), LIMIT_MS).unref()
})
try {
  await Promise.race([measures(township), limit])
} finally {
  await township.end()
}
