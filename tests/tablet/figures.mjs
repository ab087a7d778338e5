// What a slow tablet feels, in figures: a teacher with 500 dossiers, in a browser that is slowed down six times.
//   node tests/tablet/figures.mjs        today's Chromium, or the one that JIAFANG_WEB_VIEW names: ./dev web-view figures
// Nothing fails for being slow, and it always ends. Only the page's thread is slowed; the backend beside it is the build that
// JIAFANG_BIN_DIR names, on this machine's processor. The judge is a tablet (docs/android.md).
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { DESK, PIN, TABLET, Township } from './township.mjs'

const SLOWED = 6
const DOSSIERS = 500
const ROUNDS = 5
/** The whole ends after so long, and says where it stood. */
const LIMIT_MS = 240_000
/** How often a finger throws the list, and how long it moves in one throw. */
const THROWS = 12
const THROW_STEPS = 17
const BETWEEN_TOUCHES_MS = 16

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const inMs = (value) => `${Math.round(value)} ms`

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

/** What is waited for, but not for ever: `saw` tells what was there by then. */
async function within(ms, what, work, saw = () => '') {
  standsAt = what
  let clock
  const late = new Promise((_, reject) => {
    clock = setTimeout(async () => reject(new Error(`${what}: not within ${ms} ms. ${await saw()}`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(clock)
  }
}

const pause = (ms) => new Promise((over) => setTimeout(over, ms))

async function slowed(page, times) {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: times })
  return session
}

/** Starts the app anew: its first page, and from the PIN to the list of what is to be done. */
async function coldStart(township, round) {
  const page = await township.opens('tablet', TABLET, 'zh-CN', async (blank) => {
    await blank.addInitScript(marks)
    await slowed(blank, SLOWED)
  })
  await page.getByTestId('unlock-pin').fill(PIN)
  await page.getByTestId('unlock-submit').click()
  await page.getByTestId('today-card').first().waitFor()
  const seen = await page.waitForFunction(() => window.marks['today-card'] && window.marks).then((found) => found.jsonValue())
  if (round + 1 < ROUNDS) await township.closes(page)
  return { page, first: seen['unlock-pin'], list: seen['today-card'] - seen.pressed }
}

/** All rows of the list. "More" is pressed without a finger: what a press takes is not measured here. */
async function allRows(page) {
  await page.getByTestId('nav-children').tap()
  await page.getByTestId('child-row').first().waitFor()
  const more = page.getByRole('button', { name: '显示更多' })
  let rows = await page.getByTestId('child-row').count()
  while (rows < DOSSIERS && (await more.count())) {
    await more.evaluate((button) => button.click())
    await page.waitForFunction((had) => document.querySelectorAll('[data-testid=child-row]').length > had, rows, { timeout: 15_000 })
    rows = await page.getByTestId('child-row').count()
  }
  return rows
}

/**
 * A finger that throws the list again and again, in touches of its own: the gesture that Chromium makes by itself moves
 * nothing on today's. Touches come at a finger's pace, whether the page has answered the ones before or not.
 */
async function throws(session) {
  const answers = []
  const touch = (type, ...touchPoints) => answers.push(session.send('Input.dispatchTouchEvent', { type, touchPoints }))
  for (let count = 0; count < THROWS; count += 1) {
    touch('touchStart', { x: 400, y: 1000 })
    for (let step = 1; step <= THROW_STEPS; step += 1) {
      await pause(BETWEEN_TOUCHES_MS)
      touch('touchMove', { x: 400, y: 1000 - 50 * step })
    }
    touch('touchEnd')
    await pause(150)
  }
  await Promise.all(answers)
}

/** The list from its top under a finger: when the page drew, from the first to the last frame in which the list moved. */
async function scrolls(page) {
  await page.evaluate(() => {
    scrollTo(0, 0)
    window.watched = { frames: [], first: -1, last: -1, place: 0 }
    const frame = (now) => {
      const { watched } = window
      watched.frames.push(now)
      if (scrollY !== watched.place) {
        watched.last = watched.frames.length - 1
        if (watched.first < 0) watched.first = watched.last
        watched.place = scrollY
      }
      if (!watched.over) requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  const session = await slowed(page, SLOWED)
  const saw = () =>
    Promise.race([
      page.evaluate(() => `${window.watched.frames.length} frames came, the list stood at ${scrollY} px`),
      pause(2_000).then(() => 'the page did not answer'),
    ])
  await within(45_000, 'throwing the list', throws(session), saw)
  await within(10_000, 'the list coming to rest', page.waitForFunction(
    () => performance.now() - (window.watched.frames[window.watched.last] ?? performance.now()) > 500,
  ), saw)
  const { frames, first, last, place } = await page.evaluate(() => Object.assign(window.watched, { over: true }))
  const during = frames.slice(first, last + 1)
  const gaps = during.slice(1).map((time, index) => time - during[index]).sort((a, b) => a - b)
  return {
    px: place,
    perSecond: (gaps.length * 1000) / (during[during.length - 1] - during[0]),
    usual: gaps[Math.floor(gaps.length * 0.95)],
    latest: gaps[gaps.length - 1],
    late: gaps.filter((gap) => gap > 100).length,
  }
}

/** The same once more, watched from inside: how much of the time the page's own thread works, and how much what draws. */
async function shares(page) {
  const session = await page.context().newCDPSession(page)
  const events = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value))
  const includedCategories = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline']
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } })
  const began = performance.now()
  await scrolls(page)
  const lasted = performance.now() - began
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done))
  await session.send('Tracing.end')
  await within(20_000, 'the trace', complete)
  const names = new Map(events.filter(({ name }) => name === 'thread_name').map(({ pid, tid, args }) => [`${pid} ${tid}`, args.name]))
  const share = (of) => {
    const busy = [...names].filter(([, name]) => of.test(name)).map(([thread]) => busyMs(events, thread))
    return busy.reduce((sum, ms) => sum + ms, 0) / lasted
  }
  return { page: share(/^CrRendererMain$/), draws: share(/^(CompositorTileWorker|VizCompositorThread|CrGpuMain)/) }
}

/** The time that a thread was busy: of spans that lie in each other the outermost. */
function busyMs(events, thread) {
  const spans = events.filter(({ ph, dur, pid, tid }) => ph === 'X' && dur > 0 && `${pid} ${tid}` === thread)
  let until = 0
  let busy = 0
  for (const { ts, dur } of spans.sort((a, b) => a.ts - b.ts)) {
    busy += Math.max(0, ts + dur - Math.max(until, ts))
    until = Math.max(until, ts + dur)
  }
  return busy / 1000
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
  const rows = execFileSync('ps', ['-e', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((row) => /^ *(\d+) +(\d+) (.*)$/.exec(row))
    .filter(Boolean)
    .map(([, id, parent, words]) => ({ id, parent, words }))
  const ours = new Set([String(process.pid)])
  for (let grown = true; grown; ) {
    const before = ours.size
    for (const { id, parent } of rows) if (ours.has(parent)) ours.add(id)
    grown = ours.size > before
  }
  const own = (id) =>
    [...readFileSync(`/proc/${id}/smaps_rollup`, 'utf8').matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)]
      .map(([, kilobytes]) => Number(kilobytes) * 1024)
      .reduce((sum, bytes) => sum + bytes, 0)
  return Math.max(...rows.filter(({ id, words }) => ours.has(id) && words.includes('--type=renderer')).map(({ id }) => own(id)))
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
  for (let round = 0; round < ROUNDS; round += 1) starts.push(await coldStart(township, round))
  const { page } = starts[starts.length - 1]
  const first = median(starts.map((start) => start.first))
  const list = median(starts.map((start) => start.list))
  standsAt = 'the list of all rows'
  const rows = await allRows(page)
  const scrolled = await scrolls(page)
  const held = await memory(page)
  const busy = await shares(page)
  const percent = (share) => `${Math.round(share * 100)} %`
  process.stdout.write(
    [
      `Chromium ${version}, ${TABLET.width} × ${TABLET.height}, slowed ${SLOWED} times, ${rows} dossiers, load of the machine ${loadavg()[0].toFixed(1)}, ${ROUNDS} starts`,
      '',
      '| what | goal | measured |',
      '| --- | --- | --- |',
      `| cold start, until the PIN can be typed, and from the PIN to the list of tasks | 2,000 ms | ${inMs(first)} + ${inMs(list)} = ${inMs(first + list)} |`,
      `| scrolling ${rows} rows with a finger, ${Math.round(scrolled.px)} px | 60 frames/s, none later than 100 ms | ${scrolled.perSecond.toFixed(1)} frames/s, 95 % within ${inMs(scrolled.usual)}, the latest ${inMs(scrolled.latest)}, ${scrolled.late} over 100 ms |`,
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
