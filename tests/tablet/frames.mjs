// The frames of a list under a finger, on a browser that is slowed down: those that the page drew, and those that were shown.
// A list that is drawn already the browser moves without asking the page, as long as no listener of the page may hold a touch
// back. Playwright's own may: whoever presses with it leaves a `touchstart` at the window that is not passive, and each throw
// then waits for the slowed page. So the page that is measured is driven from within (`opensList`).
import { readFileSync, readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/** How often a finger throws the list, and how long it moves in one throw. */
const THROWS = 12
const THROW_STEPS = 17
const BETWEEN_TOUCHES_MS = 16
/** One of sixty in a second. */
const FRAME_MS = 1000 / 60
/** Before all other programs of the machine, where the system allows it: as a tablet does for the app in front. */
const IN_FRONT = -15

const pause = (ms) => new Promise((over) => setTimeout(over, ms))

/** What is waited for, but not for ever: `saw` tells what was there by then. */
async function within(ms, what, work, saw = () => '') {
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

/** Until the page says so: asked from outside, as Playwright's own waiting would leave its listeners. */
async function until(page, what, sees, word) {
  const asks = async () => {
    while (!(await page.evaluate(sees, word))) await pause(50)
  }
  await within(20_000, what, asks())
}

const isThere = (name) => document.querySelector(`[data-testid=${name}]`) !== null
const presses = (name) => document.querySelector(`[data-testid=${name}]`).click()
const rowsThere = () => document.querySelectorAll('[data-testid=child-row]').length

/** Opens the list of children with so many rows at least, and nobody touches the page from outside. Gives how many there are. */
export async function opensList(page, pin, atLeast) {
  await until(page, 'the lock', isThere, 'unlock-pin')
  await page.evaluate((typed) => {
    const field = document.querySelector('[data-testid=unlock-pin]')
    field.value = typed
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }, pin)
  await page.evaluate(presses, 'unlock-submit')
  await until(page, 'the first screen', isThere, 'nav-children')
  await page.evaluate(presses, 'nav-children')
  await until(page, 'the list', isThere, 'child-row')
  for (let rows = await page.evaluate(rowsThere); rows < atLeast; rows = await page.evaluate(rowsThere)) {
    await page.evaluate(() => [...document.querySelectorAll('button')].find(({ textContent }) => textContent.trim() === '显示更多').click())
    await until(page, 'more rows', (had) => document.querySelectorAll('[data-testid=child-row]').length > had, rows)
  }
  return page.evaluate(rowsThere)
}

/** Listeners that may hold a touch back, anywhere in the page: with one, a list under a finger waits for the page. */
async function holdingTouches(session) {
  const found = []
  for (const expression of ['window', 'document']) {
    const { result } = await session.send('Runtime.evaluate', { expression })
    const { listeners } = await session.send('DOMDebugger.getEventListeners', { objectId: result.objectId, depth: -1 })
    found.push(...listeners.filter(({ type, passive }) => /^(touch|wheel)/.test(type) && !passive).map(({ type }) => `${expression}: ${type}`))
  }
  return found
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

/** How gaps between frames, in milliseconds, are told: how many frames a second, within what 95 of 100 come, and the latest. */
function told(gaps) {
  const sorted = [...gaps].sort((a, b) => a - b)
  return { usual: sorted[Math.floor(sorted.length * 0.95)], latest: sorted[sorted.length - 1] }
}

/** The list from its top under a finger: when the page drew, from the first to the last frame in which the list moved. */
export async function scrolls(page, session) {
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
  const saw = () =>
    Promise.race([
      page.evaluate(() => `${window.watched.frames.length} frames came, the list stood at ${scrollY} px`),
      pause(2_000).then(() => 'the page did not answer'),
    ])
  await within(45_000, 'throwing the list', throws(session), saw)
  await until(page, 'the list coming to rest', () =>
    performance.now() - (window.watched.frames[window.watched.last] ?? performance.now()) > 500)
  const { frames, first, last, place } = await page.evaluate(() => Object.assign(window.watched, { over: true }))
  const during = frames.slice(first, last + 1)
  const gaps = during.slice(1).map((time, index) => time - during[index])
  return { px: place, perSecond: (gaps.length * 1000) / (during[during.length - 1] - during[0]), ...told(gaps) }
}

/** Slows the page down and gives what a finger needs; refuses a page in which a finger would wait for a listener. */
export async function finger(page, slowedTimes) {
  const session = await page.context().newCDPSession(page)
  const holding = await holdingTouches(session)
  if (holding.length) throw new Error(`a finger has to wait for the page, for it listens at ${holding.join(', ')}`)
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowedTimes })
  inFront()
  return session
}

/** The same once more, while the browser writes down what it shows and which thread works: that costs the page some of its time. */
export async function watches(page, session) {
  const events = []
  session.on('Tracing.dataCollected', ({ value }) => value.forEach((event) => events.push(event)))
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', 'benchmark'] } })
  const began = performance.now()
  await scrolls(page, session)
  const lasted = performance.now() - began
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done))
  await session.send('Tracing.end')
  const { dataLossOccurred } = await within(20_000, 'the trace', complete)
  if (dataLossOccurred) throw new Error('the browser lost a part of what it wrote down')
  return { shown: shown(events), busy: busy(events, lasted) }
}

const threads = (events) =>
  new Map(events.filter(({ name }) => name === 'thread_name').map(({ pid, tid, args }) => [`${pid} ${tid}`, args.name]))

/**
 * The frames that the page's compositor was asked for, one in each sixtieth of a second, while the list moved: shown, with a part
 * of the list that was not drawn yet, or missed. One in which nothing had to move is none.
 */
function shown(events) {
  const names = threads(events)
  const begun = new Map()
  const slots = new Map()
  for (const { ph, ts, pid, tid, id, id2, args } of events.filter(({ name }) => name === 'PipelineReporter').sort((a, b) => a.ts - b.ts)) {
    const key = `${pid} ${id ?? id2?.local}`
    if (ph === 'b' && names.get(`${pid} ${tid}`) === 'Compositor') begun.set(key, args.frame_reporter ?? args.chrome_frame_reporter)
    const frame = ph === 'e' && begun.get(key)
    if (!frame) continue
    begun.delete(key)
    const slot = slots.get(frame.frame_sequence) ?? { at: 0, isMissed: false, isBlank: false }
    // What moved and what the page drew may go in two halves; the first of them is what is seen.
    if (frame.state.startsWith('STATE_PRESENTED') && frame.scroll_state !== 'SCROLL_NONE' && !slot.at) {
      Object.assign(slot, { at: ts / 1000, isBlank: Boolean(frame.has_missing_content) })
    } else if (frame.state === 'STATE_DROPPED') slot.isMissed = true
    slots.set(frame.frame_sequence, slot)
  }
  const numbers = [...slots.keys()].sort((a, b) => a - b)
  const moved = numbers.filter((number) => slots.get(number).at)
  const gaps = []
  let missed = 0
  for (let place = 1; place < moved.length; place += 1) {
    const between = moved[place] - moved[place - 1] - 1
    // Asked for nothing in between: the list rested under the finger.
    const rested = numbers.some((number) => number > moved[place - 1] && number < moved[place] && !slots.get(number).isMissed)
    if (rested) continue
    missed += between
    gaps.push(slots.get(moved[place]).at - slots.get(moved[place - 1]).at)
  }
  return {
    perSecond: (1000 / FRAME_MS) * (moved.length / (moved.length + missed)),
    ...told(gaps),
    frames: moved.length,
    missed,
    blank: moved.filter((number) => slots.get(number).isBlank).length,
  }
}

/** Of the time: how much the page's own thread works, and how much what draws. */
function busy(events, lasted) {
  const share = (of) =>
    [...threads(events)].filter(([, name]) => of.test(name)).reduce((sum, [thread]) => sum + busyMs(events, thread), 0) / lasted
  return { page: share(/^CrRendererMain$/), draws: share(/^(CompositorTileWorker|VizCompositorThread|CrGpuMain)/) }
}

/** The time that a thread was busy: of spans that lie in each other the outermost. */
function busyMs(events, thread) {
  const spans = events.filter(({ ph, dur, pid, tid }) => ph === 'X' && dur > 0 && `${pid} ${tid}` === thread)
  let until = 0
  let sum = 0
  for (const { ts, dur } of spans.sort((a, b) => a.ts - b.ts)) {
    sum += Math.max(0, ts + dur - Math.max(until, ts))
    until = Math.max(until, ts + dur)
  }
  return sum / 1000
}

/** All that this program has started, by the ids of their processes. */
export function ownProcesses() {
  const parents = new Map()
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${id}/stat`, 'utf8')
      parents.set(id, words.slice(words.lastIndexOf(')') + 2).split(' ')[1])
    } catch (gone) {
      if (gone.code !== 'ENOENT' && gone.code !== 'ESRCH') throw gone
    }
  }
  const ours = new Set([String(process.pid)])
  for (let grown = true; grown; ) {
    const before = ours.size
    for (const [id, parent] of parents) if (ours.has(parent)) ours.add(id)
    grown = ours.size > before
  }
  return [...ours]
}

function inFront() {
  for (const id of ownProcesses()) {
    try {
      for (const thread of readdirSync(`/proc/${id}/task`)) setPriority(Number(thread), IN_FRONT)
    } catch (refused) {
      // Not everybody may, and a thread may have ended: then it runs like any other.
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(refused.info?.code ?? refused.code)) throw refused
    }
  }
}
