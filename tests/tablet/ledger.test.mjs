// The ledger at a desk: all rows scroll, the keyboard chooses, what is chosen is what is exported, views are kept.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, Township } from './township.mjs'

let township
let desk

before(async () => {
  township = await Township.start()
  desk = await township.opens('desk', DESK)
  await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
  await desk.getByTestId('nav-roster').click()
  await desk.getByTestId('roster-file').setInputFiles(township.roster(450))
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-row').first().waitFor()
})
after(() => township.end())

const total = async () => Number((await desk.getByTestId('ledger-total').innerText()).replace(/\D/g, ''))

test('the whole ledger scrolls, though only the rows in sight are drawn', async () => {
  const rows = await total()
  assert.ok(rows > 400, `${rows} rows`)
  await desk.getByTestId('ledger-row').first().click()
  await desk.keyboard.press('Escape')
  await desk.keyboard.press('End')
  await desk.locator(`[data-testid=ledger-row][aria-rowindex="${rows + 1}"]`).waitFor()
  assert.ok((await desk.getByTestId('ledger-row').count()) < 200, 'most rows are not drawn')
  const head = await desk.getByTestId('ledger-sort-name').boundingBox()
  const frame = await desk.getByTestId('ledger-table').boundingBox()
  assert.ok(head.y >= frame.y && head.y < frame.y + 60, 'the header stays in sight')
  await desk.keyboard.press('Home')
  await desk.locator('[data-testid=ledger-row][aria-rowindex="2"]').waitFor()
})

test('rows are chosen with the keyboard, and exactly those are exported', async () => {
  await desk.getByTestId('ledger-row').first().click()
  await desk.keyboard.press('Escape')
  await desk.keyboard.press('Shift+ArrowDown')
  await desk.keyboard.press('Shift+ArrowDown')
  await desk.getByTestId('ledger-chosen').getByText('已选 3 行').waitFor()
  await desk.keyboard.press('ArrowDown')
  await desk.keyboard.press('ArrowDown')
  await desk.keyboard.press(' ')
  await desk.getByTestId('ledger-chosen').getByText('已选 4 行').waitFor()
  const [file] = await Promise.all([desk.waitForEvent('download'), desk.getByTestId('ledger-export').click()])
  assert.match(file.suggestedFilename(), /\.xlsx$/)
  await desk.getByTestId('ledger-told').getByText('已导出 4 行').waitFor()
  // Another filter shows other rows: nothing that is out of sight stays chosen.
  await desk.getByTestId('ledger-conflicts-only').check()
  await desk.getByTestId('ledger-chosen').waitFor({ state: 'detached' })
  await desk.getByTestId('ledger-clear').first().click()
  await desk.getByTestId('ledger-row').first().waitFor()
})

test('a filter is chosen by typing in a long list, kept as a view, and found again after the page is closed', async () => {
  const all = await total()
  await desk.getByTestId('ledger-filter-class').fill('三年级')
  const offered = desk.locator('[data-testid^="ledger-filter-class-"]')
  await offered.first().waitFor()
  for (const text of await offered.allInnerTexts()) assert.match(text, /三年级/)
  await offered.first().click()
  await desk.waitForFunction((before) => Number(document.querySelector('[data-testid=ledger-total]').innerText.replace(/\D/g, '')) < before, all)
  const some = await total()
  await desk.getByTestId('ledger-views').click()
  await desk.getByTestId('ledger-view-keep').click()
  await desk.reload()
  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-row').first().waitFor()
  await desk.getByTestId('ledger-views').click()
  await desk.getByTestId('ledger-view').getByRole('menuitem').click()
  await desk.waitForFunction((rows) => Number(document.querySelector('[data-testid=ledger-total]').innerText.replace(/\D/g, '')) === rows, some)
  assert.deepEqual(desk.wrong, [], 'nothing went wrong')
})

test('columns are chosen in a menu that stays open for the next one', async () => {
  await desk.getByTestId('ledger-columns').click()
  await desk.getByTestId('ledger-column-sex').uncheck()
  await desk.getByTestId('ledger-column-seq').uncheck()
  await desk.keyboard.press('Escape')
  assert.equal(await desk.getByTestId('ledger-sort-sex').count(), 0)
  assert.equal(await desk.getByTestId('ledger-sort-name').count(), 1)
})

test('what is half written in the dossier beside the ledger is left only by somebody who was asked', async () => {
  const rows = desk.getByTestId('ledger-row')
  await rows.nth(0).click()
  const dossier = desk.getByTestId('ledger-dossier')
  await dossier.getByTestId('edit-household.address').click()
  const address = dossier.getByLabel('现住址')
  await address.fill('三组')
  await rows.nth(1).click()
  await desk.getByTestId('ask').getByRole('button', { name: '取消' }).click()
  await desk.getByTestId('ask').waitFor({ state: 'detached' })
  assert.equal(await address.inputValue(), '三组')
  await desk.getByTestId('ledger-close').click()
  await desk.getByTestId('ask-confirm').click()
  await dossier.waitFor({ state: 'detached' })
  // What was saved, or never begun, is no reason to ask.
  await rows.nth(0).click()
  await dossier.getByTestId('edit-household.address').click()
  await address.fill('三组')
  await address.press('Enter')
  await dossier.getByTestId('edit-household.address').waitFor()
  await rows.nth(1).click()
  await dossier.waitFor()
  assert.equal(await desk.getByTestId('ask').count(), 0)
})
