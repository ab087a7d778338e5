// The package for Linux desks, as somebody gets it: installed into a root of its own, started from there under a display,
// removed. JIAFANG_DEB names it: ./dev deb.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const deb = resolve(process.env.JIAFANG_DEB ?? '')
const folder = mkdtempSync(join(tmpdir(), 'jiafang-deb-'))
const root = join(folder, 'root')
const running = []
after(() => {
  for (const child of running) child.kill()
  rmSync(folder, { recursive: true, force: true })
})

function starts(program, words, env = {}) {
  const child = spawn(program, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
  running.push(child)
  return child
}

const firstOutput = (child) => new Promise((said) => child.stdout.once('data', (bytes) => said(String(bytes).trim())))

/** dpkg, with a root and a register of its own: nothing of this machine is touched. */
const dpkg = (...words) => execFileSync('dpkg', [`--root=${root}`, '--force-depends', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })

/** All files below a folder, as paths from it. */
const filesBelow = (below) => readdirSync(below, { recursive: true, withFileTypes: true }).filter((one) => !one.isDirectory()).map((one) => one.name)

async function freePort() {
  const server = createServer()
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}

/** Asks until it is so: a program that was just started does not answer at once. */
async function until(ask) {
  let wrong
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    try {
      return await ask()
    } catch (cause) {
      wrong = cause
      await new Promise((later) => setTimeout(later, 100))
    }
  }
  throw wrong
}

test('Debian has all that the package depends on', () => {
  assert.match(execFileSync('apt-get', ['install', '--simulate', '--no-install-recommends', deb], { encoding: 'utf8' }), /^Inst jiafang /m)
})

const rootless = process.getuid() === 0 ? false : 'only root can install a package, also into a root of its own'

test('the package is installed, its app opens its first page, and it is removed without a trace', { skip: rootless }, async () => {
  mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true })
  mkdirSync(join(root, 'var/lib/dpkg/updates'))
  writeFileSync(join(root, 'var/lib/dpkg/status'), '')
  dpkg('--install', deb)

  const entry = readFileSync(join(root, 'usr/share/applications/jiafang.desktop'), 'utf8')
  assert.match(entry, /^Name\[zh_CN\]=家访$/m)
  const [, icon] = /^Icon=(.+)$/m.exec(entry)
  assert.ok(existsSync(join(root, `usr/share/icons/hicolor/512x512/apps/${icon}.png`)), 'the entry has its icon')
  const [, program] = /^Exec=(\S+)/m.exec(entry)

  const display = `:${await firstOutput(starts('Xvfb', ['-displayfd', '1', '-screen', '0', '1366x900x24', '-nolisten', 'tcp']))}`
  const port = await freePort()
  const driver = `http://127.0.0.1:${port}`
  const home = join(folder, 'home')
  mkdirSync(home)
  starts('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
    DISPLAY: display, HOME: home, XDG_DATA_HOME: join(home, 'data'), TAURI_AUTOMATION: 'true', TAURI_WEBVIEW_AUTOMATION: 'true',
    GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1', WEBKIT_DISABLE_DMABUF_RENDERER: '1', NO_AT_BRIDGE: '1', LANG: 'C.UTF-8',
  })
  const asks = async (path, body) => {
    const answer = await (await fetch(driver + path, { method: 'POST', body: JSON.stringify(body) })).json()
    if (answer.value?.error) throw new Error(JSON.stringify(answer.value))
    return answer.value
  }
  await until(async () => assert.equal((await fetch(`${driver}/status`)).status, 200))
  const { sessionId } = await asks('/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: join(root, 'usr/bin', program), args: [] } } },
  })
  await until(() => asks(`/session/${sessionId}/element`, { using: 'css selector', value: '[data-testid=enrol-code]' }))
  const windows = execFileSync('xdotool', ['search', '--onlyvisible', '--name', '^家访$'], { env: { ...process.env, DISPLAY: display } })
  assert.match(String(windows), /^\d+/, 'the window bears the name of the app')
  await fetch(`${driver}/session/${sessionId}`, { method: 'DELETE' })

  dpkg('--purge', 'jiafang')
  const left = existsSync(join(root, 'usr')) ? filesBelow(join(root, 'usr')) : []
  assert.deepEqual(left, [], 'the package left something behind')
})
