// The main job at a tablet's size with touch, in headless Chromium, against the same backend as the app's.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { DESK, TABLET, Township, root } from './township.mjs'

let township

before(async () => {
  township = await Township.start()
})
after(() => township.end())

test('a teacher visits with a tablet, and the coordinator imports and exports at a desk', async () => {
  const desk = await township.opens('desk', DESK)
  await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
  await desk.getByTestId('nav-roster').click()
  await desk.getByTestId('roster-file').setInputFiles(township.roster())
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await township.syncs(desk)

  const tablet = await township.opens('tablet', TABLET)
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code}`))
  await tablet.getByTestId('nav-children').tap()
  const first = tablet.getByTestId('child-row').first()
  await first.waitFor()
  const name = await first.getAttribute('data-name')
  await tablet.getByTestId('child-search').fill(name)
  await tablet.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
  await tablet.getByTestId('record-visit').tap()
  for (const answer of ['visit-mode-at_home', 'visit-purpose-routine', 'visit-seen-yes', 'visit-received-mother']) {
    await tablet.getByTestId(answer).tap()
  }
  await tablet.getByTestId('visit-householdSituation').fill('父母在外务工,由奶奶照看。')
  await tablet.getByTestId('visit-photo-input').setInputFiles(join(root, 'tests/photos/DSCN0010.jpg'))
  await tablet.getByTestId('draft-photo').waitFor()
  // What the camera made unreadable gets a clear answer, and the visit stays.
  await tablet.getByTestId('visit-photo-input').setInputFiles(join(root, 'tests/photos/iphone_13_pro_max.HEIC'))
  await tablet.getByTestId('failure').getByText('HEIC').waitFor()
  assert.equal(await tablet.getByTestId('visit-householdSituation').inputValue(), '父母在外务工,由奶奶照看。')
  await tablet.getByTestId('visit-save').tap()
  await tablet.getByTestId('visit-saved').waitFor()
  await township.syncs(tablet)
  await tablet.getByTestId('delivery-photo').getByText('服务器').waitFor()

  await township.syncs(desk)
  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-search').fill(name)
  await desk.locator(`[data-testid=ledger-row][data-name="${name}"]`).getByText('李老师').first().waitFor()
  const [file] = await Promise.all([desk.waitForEvent('download'), desk.getByTestId('ledger-export').click()])
  assert.match(file.suggestedFilename(), /台账.*\.xlsx$/)

  await township.syncs(tablet)
  await tablet.getByTestId('delivery-whereabouts').getByText('协调员').first().waitFor()
  // A colleague asks for the photo, which only the desk was sent.
  const colleague = await township.opens('colleague', TABLET)
  const picture = township.invitesByPicture('吴老师', 'class_teacher', `place:${township.village.code}`)
  // A picture of something else says so; the code is photographed once more, not typed.
  await colleague.getByTestId('enrol-scan').setInputFiles(join(root, 'tests/photos/DSCN0010.jpg'))
  await colleague.getByTestId('failure').getByText('二维码').waitFor()
  await colleague.getByTestId('enrol-scan').setInputFiles(picture)
  await colleague.getByText('已读出登记码').waitFor()
  assert.match(await colleague.getByTestId('enrol-code').inputValue(), /^JF1-/)
  await township.choosesPin(colleague)
  await township.syncs(colleague)
  await colleague.getByTestId('nav-children').tap()
  await colleague.getByTestId('child-search').fill(name)
  await colleague.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
  await colleague.getByTestId('timeline-entry').getByRole('button', { name: '照片' }).tap()
  await colleague.getByTestId('photo-fetch').tap()
  await colleague.getByTestId('photo-state').getByText('下次同步时会取来').waitFor()

  assert.deepEqual(tablet.wrong.filter((text) => !text.includes('422')), [], 'nothing went wrong on the tablet')
  assert.deepEqual(desk.wrong, [], 'nothing went wrong at the desk')
})

test('a draft survives a page that is closed in the middle of typing', async () => {
  const tablet = await township.opens('draft', TABLET)
  await township.enrols(tablet, township.invites('王老师', 'class_teacher', `place:${township.village.code}`))
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  await tablet.getByTestId('record-visit').tap()
  await tablet.getByTestId('visit-actions').fill('约定周五再来。')
  const before = await tablet.getByTestId('draft-saved').textContent()
  assert.ok(before)
  // The pause after which a draft is saved: waited for by its request, not by the clock.
  await tablet.waitForResponse((answer) => answer.url().endsWith('/call/saveDraft'))
  const address = tablet.url()
  await tablet.goto('about:blank')
  await tablet.goto(address)
  assert.equal(await tablet.getByTestId('visit-actions').inputValue(), '约定周五再来。')
})

/** What a finger would miss, and what would scroll sideways, on the screen that is shown. */
async function expectRoomForFingers(page, where) {
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, a.button, a.place, label.chip, .q-field__control, input:not([type=file]):not([type=radio]):not([type=checkbox])')]
      // Within a list's control the control itself is what is touched.
      .filter((element) => element.getClientRects().length && !element.parentElement.closest('.q-field__control'))
      .map((element) => [element.textContent.trim() || element.tagName, Math.round(element.getBoundingClientRect().height)])
      .filter(([, height]) => height < 48),
  )
  assert.deepEqual(small, [], `${where}: targets under 48 px`)
  // Not `innerWidth`: a tablet's page that is too wide makes that wider, too.
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - screen.width)
  assert.ok(overflow <= 0, `${where} scrolls sideways`)
}

test('a finger chooses a day in a calendar whose weeks begin on Monday, and a slip in a dossier is taken back', async () => {
  const tablet = await township.opens('calendar', TABLET)
  await township.enrols(tablet, township.invites('周老师', 'class_teacher', `place:${township.village.code}`))
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  await tablet.getByTestId('record-visit').tap()
  await tablet.getByTestId('visit-next').tap()
  const calendar = tablet.getByTestId('calendar')
  assert.match(await calendar.locator('.q-date__calendar-weekdays').innerText(), /^周一\s/)
  await calendar.getByText('15', { exact: true }).tap()
  await calendar.waitFor({ state: 'detached' })
  assert.match(await tablet.getByTestId('visit-next').inputValue(), /月15日 周/)
  // What a finger throws away is asked for once, by name, and stays when it was not meant.
  await tablet.getByTestId('visit-photo-input').setInputFiles(join(root, 'tests/photos/DSCN0010.jpg'))
  const photo = tablet.getByTestId('draft-photo')
  await photo.getByRole('button', { name: '移除' }).tap()
  await tablet.getByTestId('ask').getByRole('button', { name: '取消' }).tap()
  await tablet.getByTestId('ask').waitFor({ state: 'detached' })
  assert.equal(await photo.count(), 1)
  await photo.getByRole('button', { name: '照片' }).tap()
  await tablet.getByTestId('photo-viewer').locator('img').waitFor()
  await tablet.getByTestId('photo-viewer').getByRole('button', { name: '关闭' }).tap()
  await tablet.getByTestId('photo-viewer').waitFor({ state: 'detached' })

  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  const address = tablet.getByTestId('value-household.address')
  const before = await address.innerText()
  await tablet.getByTestId('edit-household.address').tap()
  await tablet.getByLabel('现住址').fill('写错的地方')
  await tablet.getByLabel('现住址').press('Enter')
  await address.getByText('写错的地方').waitFor()
  await tablet.getByTestId('toast-undo').tap()
  await tablet.waitForFunction((text) => document.querySelector('[data-testid="value-household.address"]')?.innerText === text, before)
})

test('everything that is touched is large enough for a wet finger, with text at 200 % too', async () => {
  const tablet = await township.opens('targets', TABLET)
  await township.enrols(tablet, township.invites('孙老师', 'class_teacher', `place:${township.village.code}`))
  await township.syncs(tablet)
  for (const scale of ['scale-1', 'scale-2']) {
    await tablet.getByTestId('nav-more').tap()
    await tablet.getByTestId(scale).tap()
    for (const place of ['today', 'children', 'drafts', 'sync', 'more']) {
      await tablet.getByTestId(`nav-${place}`).tap()
      await tablet.locator('main h1').first().waitFor()
      await expectRoomForFingers(tablet, `${place} at ${scale}`)
    }
    await tablet.getByTestId('nav-children').tap()
    await tablet.getByTestId('child-row').first().tap()
    await tablet.getByTestId('dossier').waitFor()
    await expectRoomForFingers(tablet, `the dossier at ${scale}`)
    await tablet.getByTestId('status-open').tap()
    await expectRoomForFingers(tablet, `the status at ${scale}`)
    await tablet.getByTestId('record-visit').tap()
    await tablet.getByTestId('visit-save').waitFor()
    await expectRoomForFingers(tablet, `the visit at ${scale}`)
    await tablet.getByTestId('visit-next').tap()
    await tablet.getByTestId('calendar').waitFor()
    await expectRoomForFingers(tablet, `the calendar at ${scale}`)
    await tablet.getByTestId('calendar').getByRole('button', { name: '关闭' }).tap()
    await tablet.getByTestId('calendar').waitFor({ state: 'detached' })
  }
})
