// A coordinator's desk stands open: what teachers record comes into sight by itself, and takes nothing out of the hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, TABLET, Township } from './township.mjs'

let township
let desk
let tablet

before(async () => {
  township = await Township.start()
  desk = await township.opens('desk', DESK)
  await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
  await desk.getByTestId('nav-roster').click()
  await desk.getByTestId('roster-file').setInputFiles(township.roster())
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await township.syncs(desk)
  tablet = await township.opens('tablet', TABLET)
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code}`))
  await township.syncs(tablet)
})
after(() => township.end())

test('a visit comes into the open ledger and dossier by itself, and a half-typed field stays under the hand', async () => {
  await tablet.getByTestId('nav-children').tap()
  const first = tablet.getByTestId('child-row').first()
  await first.waitFor()
  const name = await first.getAttribute('data-name')

  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-search').fill(name)
  const row = desk.locator(`[data-testid=ledger-row][data-name="${name}"]`)
  await row.first().click()
  const dossier = desk.getByTestId('ledger-dossier')
  await dossier.getByTestId('edit-household.address').click()
  const field = dossier.getByLabel('现住址')
  await field.fill('三组')
  await field.press('End')

  await first.tap()
  await tablet.getByTestId('record-visit').tap()
  for (const answer of ['visit-mode-at_home', 'visit-purpose-routine', 'visit-seen-yes', 'visit-received-mother']) {
    await tablet.getByTestId(answer).tap()
  }
  await tablet.getByTestId('visit-householdSituation').fill('父母在外务工,由奶奶照看。')
  await tablet.getByTestId('visit-save').tap()
  await tablet.getByTestId('visit-saved').waitFor()

  // Nobody touches either device from here on.
  await dossier.getByText('由奶奶照看', { exact: false }).first().waitFor()
  await row.getByText('李老师').first().waitFor()
  assert.equal(await field.inputValue(), '三组', 'what was half typed stays')
  assert.ok(await field.evaluate((element) => element === document.activeElement), 'and so does the focus')
  await desk.keyboard.type('5号')
  assert.equal(await field.inputValue(), '三组5号', 'where it was')
  await tablet.getByTestId('strip').getByText('●').waitFor()
  assert.deepEqual(desk.wrong, [], 'nothing went wrong at the desk')
})

test('a search that is being typed in the ledger is left alone', async () => {
  const search = desk.getByTestId('ledger-search')
  await search.fill('')
  await search.pressSequentially('ji')
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').nth(1).tap()
  await tablet.getByTestId('edit-household.address').tap()
  await tablet.getByLabel('现住址').fill('九组9号')
  await tablet.getByLabel('现住址').press('Enter')
  await tablet.getByTestId('strip').getByText('▲').waitFor({ state: 'visible' })
  await tablet.getByTestId('strip').getByText('●').waitFor()
  await search.pressSequentially('a')
  assert.equal(await search.inputValue(), 'jia')
  assert.ok(await search.evaluate((element) => element === document.activeElement))
})
