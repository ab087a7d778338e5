// The installer for Windows under Wine, as far as that goes: installed in silence into a Chinese path, its server run and
// asked by real devices, its app without WebView2, removed. JIAFANG_SETUP names it: ./dev windows.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { TABLET, Township } from '../tablet/township.mjs'

const setup = resolve(process.env.JIAFANG_SETUP ?? '')
const folder = mkdtempSync(join(tmpdir(), 'jiafang-wine-'))
const drive = join(folder, 'wine/drive_c')
const PLACE = '县教育局控辍保学工作领导小组办公室的电脑'
const installed = join(drive, PLACE, '家访')
// A Windows of its own, without what Wine would fetch for .NET and for pages; without its drivers for mice and sticks, as their
// host faulted once while it started on a busy machine; and without entries in the menu of whoever runs this.
const wine = {
  ...process.env, WINEPREFIX: join(folder, 'wine'), WINEARCH: 'win64', WINEDEBUG: '-all', LANG: 'C.UTF-8',
  WINEDLLOVERRIDES: 'mscoree=;mshtml=;winebus.sys=;wineusb.sys=;winemenubuilder.exe=',
}
/**
 * What a program in Wine says, when it has ended. It says it into a file: Wine's own services and desktop inherit where the
 * program that they start with writes to, outlive it, and would hold a pipe open for as long as a server runs.
 */
function inWine(words) {
  const said = join(folder, 'said.txt')
  const file = openSync(said, 'w')
  try {
    execFileSync('wine', words, { env: wine, stdio: ['ignore', file, file], timeout: 240_000 })
  } catch (ended) {
    ended.message += `\n${readFileSync(said, 'utf8')}`
    throw ended
  } finally {
    closeSync(file)
  }
  return readFileSync(said, 'utf8')
}
const ENTRY = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\cn.jiafang.app'
const NOTIFICATIONS = 'HKCU\\Software\\Classes\\AppUserModelId\\cn.jiafang.app'
/** The folder below the person's own that ends so. */
const ofPerson = (...path) => join(drive, 'users', readdirSync(join(drive, 'users')).find((name) => name !== 'Public'), ...path)
const shortcut = () => ofPerson('AppData/Roaming/Microsoft/Windows/Start Menu/Programs', '家访 Jiafang.lnk')
const PARTS = ['WebView2Loader.dll', 'jiafang-sync-server.exe', 'jiafang.exe', 'uninstall.exe']
const running = []
let session

before(async () => {
  // The display from the beginning: windows show where Wine's desktop was, when it was started.
  const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1366x900x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] })
  running.push(screen)
  wine.DISPLAY = `:${await new Promise((said) => screen.stdout.once('data', (bytes) => said(String(bytes).trim())))}`
  inWine(['wineboot', '--init'])
  execFileSync('wineserver', ['--wait'], { env: wine, timeout: 240_000 })
  // Wine is started once, and ends when this one has nothing more to read: also when this test is ended from outside.
  session = spawn('wine', ['cmd'], { env: wine, stdio: ['pipe', 'pipe', 'ignore'] })
  await new Promise((said) => session.stdout.once('data', said))
  // Rust's library asks this part of Windows for random bytes; Wine 8 has the bytes under another name only.
  const part = process.env.JIAFANG_WINE_PART
  if (part) execFileSync('cp', [part, join(drive, 'windows/system32/bcryptprimitives.dll')])
})
after(() => {
  for (const child of running) child.kill()
  spawnSync('wineserver', ['--kill'], { env: wine }) // none may be running any more
  rmSync(folder, { recursive: true, force: true })
})

function installs() {
  inWine([setup, '/S', '/SERVER', `/D=C:\\${PLACE}\\家访`])
}

test('installed in silence, all is there: the programs, an entry in the start menu, one among the installed programs', () => {
  installs()
  assert.deepEqual(readdirSync(installed).sort(), PARTS)
  assert.ok(existsSync(shortcut()))
  assert.match(inWine(['reg', 'query', ENTRY, '/v', 'QuietUninstallString']), /uninstall\.exe" \/S/)
  assert.match(inWine(['reg', 'query', NOTIFICATIONS, '/v', 'DisplayName']), /REG_SZ/)
})

test('the server for Windows lets a tablet in, takes its sync, is not taken away while it runs, and goes on from its backup', async () => {
  const township = await Township.start(undefined, { server: ['wine', join(installed, 'jiafang-sync-server.exe')], env: wine })
  try {
    const tablet = await township.opens('tablet', TABLET)
    await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code}`))
    await township.syncs(tablet)
    assert.match(township.server('people', '--data', township.data), /李老师/)
    assert.deepEqual(tablet.wrong, [])
    // Neither the installer nor the uninstaller takes a program away that runs, or a part of what belongs to it.
    for (const words of [[setup, '/S'], [join(installed, 'uninstall.exe'), '/S', `_?=C:\\${PLACE}\\家访`]]) {
      assert.throws(() => inWine(words), (ended) => ended.status === 2)
      assert.deepEqual(readdirSync(installed).sort(), PARTS)
    }
    // While it serves; then the copy serves in its place.
    const copy = join(township.folder, '备份')
    assert.match(township.server('backup', '--data', township.data, '--to', copy), /The copy was checked/)
    assert.match(township.server('backup', '--data', township.data, '--to', copy), /The copy was checked/)
    await township.goesDown()
    township.data = copy
    await township.comesBack()
    await township.syncs(tablet)
    assert.match(township.server('people', '--data', copy), /李老师/)
    assert.deepEqual(tablet.wrong, [])
  } finally {
    await township.end()
  }
})

test('without WebView2 the app says so in a box, and what to do', async () => {
  const app = spawn('wine', [join(installed, 'jiafang.exe')], { env: wine, stdio: 'ignore' })
  const ended = new Promise((of) => app.once('exit', of))
  try {
    const words = ['180', 'xdotool', 'search', '--sync', '--onlyvisible', '--name', '^家访 Jiafang$']
    assert.match(execFileSync('timeout', words, { env: wine, encoding: 'utf8' }), /^\d+/)
  } finally {
    app.kill()
    await ended
  }
})

test('removed in silence, the programs are gone, and a record that is there stays', () => {
  const data = ofPerson('AppData/Local/cn.jiafang.app')
  mkdirSync(join(data, 'EBWebView'), { recursive: true })
  writeFileSync(join(data, 'device.db'), 'a record')
  inWine([join(installed, 'uninstall.exe'), '/S', `_?=C:\\${PLACE}\\家访`])
  assert.deepEqual(readdirSync(data), ['device.db'])
  assert.ok(!existsSync(shortcut()))
  assert.throws(() => inWine(['reg', 'query', ENTRY]))
  assert.throws(() => inWine(['reg', 'query', NOTIFICATIONS]))
  // With `_?=` the uninstaller runs from its place, so that it can be waited for, and cannot remove itself.
  assert.deepEqual(readdirSync(installed), ['uninstall.exe'])
})

test('removed in silence where no record is, nothing is left', async () => {
  rmSync(ofPerson('AppData/Local/cn.jiafang.app'), { recursive: true, force: true })
  rmSync(installed, { recursive: true, force: true })
  installs()
  inWine(['start', '/wait', '/unix', join(installed, 'uninstall.exe'), '/S'])
  // The uninstaller goes on as a copy of itself: Wine ends when it has.
  await new Promise((ended) => {
    session.once('exit', ended)
    session.stdin.end()
  })
  execFileSync('wineserver', ['--wait'], { env: wine, timeout: 240_000 })
  assert.ok(!existsSync(installed))
  assert.ok(!existsSync(ofPerson('AppData/Local/cn.jiafang.app')))
})
