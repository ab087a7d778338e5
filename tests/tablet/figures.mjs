// What a slow tablet feels, in figures: a teacher with 500 dossiers, in a browser that is slowed down six times.
//   node tests/tablet/figures.mjs        today's Chromium, or the one that JIAFANG_WEB_VIEW names: ./dev web-view figures
// Nothing fails for being slow. Only the page's thread is slowed; the backend beside it is a debug build on this
// machine's processor. The judge is a tablet (docs/android.md).
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { DESK, PIN, TABLET, Township } from './township.mjs'

const SLOWED = 6
const DOSSIERS = 500
const ROUNDS = 5

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

/** All rows of the list, then a finger that throws it: how many frames came, and how late the later ones were. */
async function scrolls(page) {
  await page.getByTestId('nav-children').tap()
  await page.getByTestId('child-row').first().waitFor()
  const more = page.getByRole('button', { name: '显示更多' })
  let rows = await page.getByTestId('child-row').count()
  while (rows < DOSSIERS && (await more.count())) {
    await more.tap()
    await page.waitForFunction((had) => document.querySelectorAll('[data-testid=child-row]').length > had, rows)
    rows = await page.getByTestId('child-row').count()
  }
  await page.evaluate(() => scrollTo(0, 0))
  const session = await slowed(page, SLOWED)
  const frames = page.evaluate(
    () =>
      new Promise((done) => {
        const times = []
        let still = 0
        let last = scrollY
        const frame = (now) => {
          still = scrollY === last ? still + 1 : 0
          if (scrollY !== last) times.push(now)
          last = scrollY
          // Half a second in which nothing moved, after something did.
          if (times.length && still > 30) done(times)
          else requestAnimationFrame(frame)
        }
        requestAnimationFrame(frame)
      }),
  )
  await session.send('Input.synthesizeScrollGesture', {
    x: 400, y: 900, yDistance: -12_000, speed: 3000, gestureSourceType: 'touch', preventFling: true,
  })
  const times = await frames
  const gaps = times.slice(1).map((time, index) => time - times[index])
  gaps.sort((a, b) => a - b)
  const lasted = times[times.length - 1] - times[0]
  return { rows, perSecond: ((times.length - 1) * 1000) / lasted, late: gaps[Math.floor(gaps.length * 0.95)] }
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

const township = await Township.start()
try {
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

  const starts = []
  for (let round = 0; round < ROUNDS; round += 1) starts.push(await coldStart(township, round))
  const { page } = starts[starts.length - 1]
  const first = median(starts.map((start) => start.first))
  const list = median(starts.map((start) => start.list))
  const scrolled = await scrolls(page)
  const held = await memory(page)
  process.stdout.write(
    [
      `Chromium ${version}, ${TABLET.width} × ${TABLET.height}, slowed ${SLOWED} times, ${scrolled.rows} dossiers, ${ROUNDS} starts`,
      '',
      '| what | goal | measured |',
      '| --- | --- | --- |',
      `| cold start, until the PIN can be typed, and from the PIN to the list of tasks | 2,000 ms | ${inMs(first)} + ${inMs(list)} = ${inMs(first + list)} |`,
      `| scrolling ${scrolled.rows} rows with a finger | 60 frames/s | ${scrolled.perSecond.toFixed(1)} frames/s, 95 % within ${inMs(scrolled.late)} |`,
      `| memory of the page: its process, shared parts left out | 120 MB | ${held.process.toFixed(0)} MB (its objects: ${held.objects.toFixed(1)} MB) |`,
      '',
    ].join('\n'),
  )
} finally {
  await township.end()
}
