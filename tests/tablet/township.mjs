// A township for browser tests: the real server and loopback hosts as processes, in a folder of their own, and
// Chromium at a tablet's size with touch.
import { spawn, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { opensBrowser, root } from './browser.mjs'

export { root }
const programs = process.env.JIAFANG_BIN_DIR
const pages = process.env.JIAFANG_UI_DIST ?? join(root, 'ui/dist')
if (!programs) throw new Error('JIAFANG_BIN_DIR names no folder: run ./dev test e2e')

export const PIN = '271828'
export const TABLET = { width: 800, height: 1280 }
export const LANDSCAPE = { width: 1280, height: 800 }
export const DESK = { width: 1366, height: 768 }

async function freePort() {
  const server = createServer()
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}

/** The first line that a program prints. */
function firstLine(child) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
  })
}

const shift = (seconds) => `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}s`

/** What shifts the time that a program sees, by a span in seconds; what its timers run by stays. */
function shifted(shiftSeconds) {
  const libraries = readdirSync('/usr/lib').map((of) => join('/usr/lib', of, 'faketime/libfaketimeMT.so.1'))
  const library = libraries.find(existsSync)
  if (!library) throw new Error('libfaketime is not there: ./dev install brings it')
  return { LD_PRELOAD: library, FAKETIME: shift(shiftSeconds), FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' }
}

export class Township {
  children = []
  browsers = []
  shiftSeconds = 0
  environment = process.env

  /**
   * Starts the server; with `at`, a moment, all programs and pages of this township see that time and what follows it.
   * `server` is what runs the server, where it is not the one that was built beside: a program and its first words.
   */
  static async start(at, { server = [join(programs, 'jiafang-sync-server')], env = {} } = {}) {
    const township = new Township()
    if (at) {
      township.shiftSeconds = Math.round((Date.parse(at) - Date.now()) / 1000)
      township.environment = { ...process.env, ...shifted(township.shiftSeconds) }
    }
    township.serverWords = server
    township.serverEnvironment = { ...township.environment, ...env }
    township.folder = mkdtempSync(join(tmpdir(), 'jiafang-'))
    township.data = join(township.folder, 'server')
    const address = `127.0.0.1:${await freePort()}`
    township.server('init', '--data', township.data, '--county', join(root, 'tests/fixtures/county-qingshi.json'),
      '--address', address, '--recovery-key', join(township.folder, 'recovery-key.txt'))
    township.address = address
    await township.comesBack()
    const county = JSON.parse(readFileSync(join(root, 'tests/fixtures/county-qingshi.json'), 'utf8'))
    township.county = county
    township.village = county.places.find((place) => place.code.length === 12)
    return township
  }

  /** The same, where a coordinator has brought in a roster of so many children and switched the desk off again. */
  static async startWithChildren(count) {
    const township = await Township.start()
    const desk = await township.opens('desk', DESK)
    await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
    await desk.getByTestId('nav-roster').click()
    await desk.getByTestId('roster-file').setInputFiles(township.roster(count))
    await desk.getByTestId('roster-confirm').click()
    await desk.getByTestId('roster-done').waitFor()
    await township.syncs(desk)
    await township.closes(desk)
    return township
  }

  /** Coverage ends: the server is gone for everybody. */
  async goesDown() {
    const gone = new Promise((ended) => this.serving.once('exit', ended))
    this.serving.kill()
    await gone
  }

  /** The server serves, at the address that the tablets know. */
  async comesBack() {
    const [program, ...first] = this.serverWords
    const words = [...first, 'serve', '--data', this.data, '--listen', this.address]
    this.serving = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'], env: this.serverEnvironment })
    this.children.push(this.serving)
    await firstLine(this.serving)
  }

  server(...words) {
    const [program, ...first] = this.serverWords
    return execFileSync(program, [...first, ...words], { encoding: 'utf8', env: this.serverEnvironment })
  }

  spawn(program, ...words) {
    const child = spawn(join(programs, program), words, { stdio: ['ignore', 'pipe', 'ignore'], env: this.environment })
    this.children.push(child)
    return child
  }

  /** An enrolment code, as the administrator's terminal shows it. */
  invites(name, role, scope) {
    const said = this.server('invite', '--data', this.data, '--role', role, '--scope', scope, '--name', name)
    return said.split('\n').find((line) => line.startsWith('JF1'))
  }

  /** The same as a picture of its QR code, as it is handed over on paper. */
  invitesByPicture(name, role, scope) {
    const picture = join(this.folder, `code-${this.browsers.length}.png`)
    this.server('invite', '--data', this.data, '--role', role, '--scope', scope, '--name', name, '--png', picture)
    return picture
  }

  /** A roster of the fictional township, as a file. */
  roster(count = 300) {
    const file = join(this.folder, `roster-${count}.xlsx`)
    execFileSync(join(programs, 'fiction'), ['roster', '--seed', '1', '--size', 'township', '--style', 'clerks-hand',
      '--count', String(count), '--out', file])
    return file
  }

  /** A device of its own in a browser of its own; `prepare` is called with the page before it shows anything. */
  async opens(name, viewport, locale = 'zh-CN', prepare = async () => {}) {
    const host = this.spawn('loopback-host', '--data', join(this.folder, name), '--pages', pages)
    const url = await firstLine(host)
    const touch = viewport !== DESK
    const context = await opensBrowser(join(this.folder, `browser-${name}`), { viewport, touch, locale })
    this.browsers.push(context)
    const page = context.pages()[0] ?? (await context.newPage())
    page.setDefaultTimeout(60_000)
    page.wrong = []
    page.on('pageerror', (error) => page.wrong.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') page.wrong.push(message.text())
    })
    if (this.shiftSeconds) await page.clock.setSystemTime(Date.now() + this.shiftSeconds * 1000)
    await prepare(page)
    await page.goto(url)
    page.host = host
    return page
  }

  /**
   * The same with a clock of its own: `page.isLaterBy(seconds)` lets so much time go by for the programs of this device, and 0
   * takes it back. What waits a quarter of an hour needs no quarter of an hour.
   */
  async opensWithOwnClock(name, viewport) {
    const file = join(this.folder, `clock-of-${name}`)
    const isLaterBy = (seconds) => writeFileSync(file, `${shift(this.shiftSeconds + seconds)}\n`)
    isLaterBy(0)
    const shared = this.environment
    const { FAKETIME: _, ...shiftedByFile } = shifted(this.shiftSeconds)
    this.environment = { ...process.env, ...shiftedByFile, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: '1' }
    // Its programs begin before it waits for anything.
    const opening = this.opens(name, viewport)
    this.environment = shared
    return Object.assign(await opening, { isLaterBy })
  }

  /** A device is switched off. */
  async closes(page) {
    const gone = new Promise((ended) => page.host.once('exit', ended))
    await page.context().close()
    page.host.kill()
    await gone
  }

  /** Copies all that is on a device that is switched off, keys included: what a clerk does who sets up a second tablet so. */
  copies(from, to) {
    cpSync(join(this.folder, from), join(this.folder, to), { recursive: true })
  }

  async unlocks(page) {
    await page.getByTestId('unlock-pin').fill(PIN)
    await page.getByTestId('unlock-submit').click()
    await page.getByTestId('strip').waitFor()
  }

  async enrols(page, code) {
    await page.getByTestId('enrol-code').fill(code)
    await this.choosesPin(page)
  }

  async choosesPin(page) {
    await page.getByTestId('enrol-pin').fill(PIN)
    await page.getByTestId('enrol-pin-again').fill(PIN)
    await page.getByTestId('enrol-submit').click()
    await page.getByTestId('strip').waitFor()
  }

  async syncs(page) {
    await page.getByTestId('nav-sync').click()
    await this.presses(page, 'sync-now', 'syncNow')
    await page.locator('[data-testid=sync-now]:enabled').waitFor()
  }

  /**
   * Presses a button that rests while a sync runs. One that begins by itself between the look at the button and the click takes
   * the click with it: pressed again, until the command is answered.
   */
  async presses(page, button, command) {
    let answered
    do {
      answered = page.waitForResponse((answer) => answer.url().endsWith(`/call/${command}`), { timeout: 5_000 }).then(
        () => true,
        () => false,
      )
      // Waits until the button does not rest.
      await page.getByTestId(button).click()
    } while (!(await answered))
  }

  /** Opens a child's dossier on a tablet and writes another address there, without sending it. */
  async movesTo(page, name, address) {
    await page.getByTestId('nav-children').tap()
    await page.getByTestId('child-search').fill(name)
    await page.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
    await page.getByTestId('edit-household.address').tap()
    await page.getByLabel('现住址').fill(address)
    await page.getByLabel('现住址').press('Enter')
    await page.getByTestId('edit-household.address').waitFor()
  }

  async end() {
    for (const browser of this.browsers) await browser.close()
    for (const child of this.children) child.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Asks the page's own host, to make what a test or a picture begins with. */
export function asks(page, command, request) {
  return page.evaluate(
    async ([command, request]) => {
      const headers = { 'content-type': 'application/json', 'x-token': sessionStorage.getItem('token') ?? '' }
      const response = await fetch(`/call/${command}`, { method: 'POST', body: JSON.stringify(request), headers })
      const answer = await response.json()
      if (!response.ok) throw new Error(`${command}: ${JSON.stringify(answer)}`)
      return answer
    },
    [command, request],
  )
}

/** The county keeps the class that left last summer; `section` is a page of its education section, which is enrolled here. */
export async function classesOfTransition(township, section) {
  await township.enrols(section, township.invites('陈科长', 'county_section', `place:${township.county.county.code}`))
  await township.syncs(section)
  const { county } = await asks(section, 'countySettings', {})
  const has = (stage) => county.schools.find((school) => school.classes.some((one) => one.stage === stage))
  const [primary, junior] = [has('primary'), has('junior')]
  const year = 2026
  const leaving = { id: `${primary.code}/P${year - 6}/1`, stage: 'primary', entry_year: year - 6, number: 1 }
  const edit = { kind: 'school', school: { ...primary, classes: [...primary.classes, leaving] } }
  await asks(section, 'saveCountyEdit', { edit })
  await township.syncs(section)
  const entered = junior.classes.find((one) => one.stage === 'junior' && one.entry_year === year).id
  return { leaving, junior, entered, year }
}
