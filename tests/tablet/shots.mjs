// Pictures of all screens, in both sizes and languages, with 200 % text and in the dark: ./dev shots.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DESK, LANDSCAPE, TABLET, Township, root } from './township.mjs'

const folder = join(root, 'shots')
mkdirSync(folder, { recursive: true })
const township = await Township.start()

async function shoot(page, name) {
  // Shown is what was read, not that it is being read; two frames later it is painted.
  await page.waitForFunction(() => !/正在读取|Reading/.test(document.querySelector('main')?.textContent ?? ''))
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))))
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: false })
  process.stdout.write(`shots/${name}.png\n`)
}

try {
  const desk = await township.opens('desk', DESK)
  await shoot(desk, 'desk-enrol')
  await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
  await desk.getByTestId('nav-ledger').click()
  await shoot(desk, 'desk-ledger-empty')
  await desk.getByTestId('nav-roster').click()
  await shoot(desk, 'desk-roster-empty')
  await desk.getByTestId('roster-file').setInputFiles(township.roster())
  await desk.getByTestId('roster-confirm').waitFor()
  await shoot(desk, 'desk-roster-verdicts')
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await shoot(desk, 'desk-roster-done')
  await township.syncs(desk)

  const tablet = await township.opens('tablet', TABLET)
  await shoot(tablet, 'tablet-enrol')
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code}`))
  await township.syncs(tablet)
  for (const place of ['today', 'drafts', 'sync', 'more']) {
    await tablet.getByTestId(`nav-${place}`).tap()
    await tablet.locator('main h1').first().waitFor()
    await shoot(tablet, `tablet-${place}`)
  }
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().waitFor()
  await shoot(tablet, 'tablet-children')
  await tablet.getByTestId('register-child').tap()
  await shoot(tablet, 'tablet-register')
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().waitFor()
  // The longest name of the village is the one that a layout must bear.
  const names = await tablet.getByTestId('child-row').evaluateAll((rows) => rows.map((row) => row.dataset.name))
  const name = names.sort((a, b) => b.length - a.length)[0]
  await tablet.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
  await tablet.getByTestId('dossier').waitFor()
  await shoot(tablet, 'tablet-dossier')
  await tablet.getByTestId('record-visit').tap()
  for (const answer of ['visit-mode-at_home', 'visit-purpose-persuasion', 'visit-seen-yes']) {
    await tablet.getByTestId(answer).tap()
  }
  await tablet.getByTestId('visit-photo-input').setInputFiles(join(root, 'tests/photos/HMD_Nokia_8.3_5G.jpg'))
  await tablet.getByTestId('draft-photo').waitFor()
  await tablet.evaluate(() => scrollTo(0, 0))
  await shoot(tablet, 'tablet-visit')
  await tablet.getByTestId('draft-photo').scrollIntoViewIfNeeded()
  await shoot(tablet, 'tablet-visit-photos')
  await tablet.getByTestId('visit-signer-parent').tap()
  await tablet.locator('svg.pad').evaluate((pad) => pad.scrollIntoView({ block: 'center' }))
  await shoot(tablet, 'tablet-visit-signature')
  await tablet.getByTestId('visit-purpose-routine').tap()
  await tablet.getByTestId('visit-save').tap()
  await tablet.getByTestId('visit-saved').waitFor()
  await shoot(tablet, 'tablet-visit-saved')
  await township.syncs(tablet)
  await shoot(tablet, 'tablet-sync-sent')
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('scale-2').tap()
  for (const place of ['today', 'children', 'sync']) {
    await tablet.getByTestId(`nav-${place}`).tap()
    await tablet.locator('main h1').first().waitFor()
    await shoot(tablet, `tablet-${place}-200`)
  }
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('scale-1').tap()
  await tablet.getByTestId('dark').tap()
  await tablet.getByTestId('language-en').tap()
  await tablet.setViewportSize(LANDSCAPE)
  for (const place of ['today', 'children', 'sync', 'more']) {
    await tablet.getByTestId(`nav-${place}`).tap()
    await tablet.locator('main h1').first().waitFor()
    await shoot(tablet, `tablet-${place}-dark-en-landscape`)
  }
  // Another teacher, both without coverage, writes another address for the same child.
  const other = await township.opens('other', TABLET)
  await township.enrols(other, township.invites('王老师', 'class_teacher', `place:${township.village.code}`))
  await township.syncs(other)
  await township.goesDown()
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('language-zh-CN').tap()
  await tablet.getByTestId('dark').tap()
  await tablet.setViewportSize(TABLET)
  await township.movesTo(tablet, name, '1社老屋')
  await township.movesTo(other, name, '1社12号')
  await township.syncs(tablet)
  await shoot(tablet, 'tablet-sync-no-server')
  await township.comesBack()
  for (const page of [tablet, other, tablet, desk]) await township.syncs(page)
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-search').fill(name)
  await tablet.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
  await tablet.getByTestId('conflict').waitFor()
  await shoot(tablet, 'tablet-dossier-two-values')
  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-row').first().waitFor()
  await shoot(desk, 'desk-ledger')
  await desk.locator(`[data-testid=ledger-row][data-name="${name}"]`).click()
  await desk.getByTestId('ledger-dossier').getByTestId('dossier').waitFor()
  await shoot(desk, 'desk-ledger-dossier')
  await desk.getByTestId('nav-inbox').click()
  await desk.getByTestId('inbox-conflict').waitFor()
  await shoot(desk, 'desk-inbox')
  await desk.getByTestId('nav-more').click()
  await desk.getByTestId('language-en').click()
  await desk.getByTestId('dark').click()
  for (const [place, shown] of [['ledger', 'ledger-row'], ['inbox', 'inbox-conflict']]) {
    await desk.getByTestId(`nav-${place}`).click()
    await desk.getByTestId(shown).first().waitFor()
    await shoot(desk, `desk-${place}-dark-en`)
  }
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('lock').tap()
  await tablet.getByTestId('unlock-pin').waitFor()
  await shoot(tablet, 'tablet-unlock')
} finally {
  await township.end()
}
