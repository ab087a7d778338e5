// Pictures of all screens, in both sizes and languages, with 200 % text and in the dark: ./dev shots.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DESK, LANDSCAPE, TABLET, Township, root } from './township.mjs'

const folder = join(root, 'shots')
mkdirSync(folder, { recursive: true })
const township = await Township.start()

async function shoot(page, name) {
  await page.waitForLoadState('networkidle').catch(() => undefined)
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
  for (const place of ['today', 'drafts', 'sync', 'more']) {
    await tablet.getByTestId(`nav-${place}`).tap()
    await shoot(tablet, `tablet-${place}`)
  }
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().waitFor()
  await shoot(tablet, 'tablet-children')
  await tablet.getByTestId('register-child').tap()
  await shoot(tablet, 'tablet-register')
  await tablet.getByTestId('nav-children').tap()
  // The longest name of the village is the one that a layout must bear.
  const names = await tablet.getByTestId('child-row').evaluateAll((rows) => rows.map((row) => row.dataset.name))
  const name = names.sort((a, b) => b.length - a.length)[0]
  await tablet.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
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
  await tablet.getByTestId('visit-signer-parent').scrollIntoViewIfNeeded()
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
    await shoot(tablet, `tablet-${place}-200`)
  }
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('scale-1').tap()
  await tablet.getByTestId('dark').tap()
  await tablet.getByTestId('language-en').tap()
  await tablet.setViewportSize(LANDSCAPE)
  for (const place of ['today', 'children', 'sync', 'more']) {
    await tablet.getByTestId(`nav-${place}`).tap()
    await shoot(tablet, `tablet-${place}-dark-en-landscape`)
  }
  await township.syncs(desk)
  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-row').first().waitFor()
  await shoot(desk, 'desk-ledger')
  await desk.getByTestId('ledger-row').first().dblclick()
  await shoot(desk, 'desk-ledger-dossier')
  await desk.getByTestId('nav-inbox').click()
  await shoot(desk, 'desk-inbox')
} finally {
  await township.end()
}
