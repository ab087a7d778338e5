// Pictures of the way into the next school: a class's list, arrivals and who has not come, the balance at the desk.

/** Asks the page's own host, to make what the pictures show. */
function asks(page, command, request) {
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

/** Shows the transition in a township that has its roster; `desk` is its coordinator's. */
export async function shootTransition(township, desk, shoot, opens, { TABLET, LANDSCAPE, DESK }) {
  await desk.getByTestId('nav-more').click()
  await desk.getByTestId('scale-1').click()
  await desk.getByTestId('language-zh-CN').click()
  await desk.goto(desk.url().replace(/#.*/, '#/transition'))
  await desk.locator('main h1').first().waitFor()
  await shoot(desk, 'desk-transition-empty')

  // The county keeps the class that left last summer, and a class that receives it.
  const section = await opens('transition-section', DESK)
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
  await township.syncs(desk)
  const entered = junior.classes.find((one) => one.stage === 'junior' && one.entry_year === year).id

  const { rows } = await asks(desk, 'listChildren', { search: '', limit: 200 })
  const rated = [...rows].sort((a, b) => b.name.length - a.name.length)
  const six = [rated[0], rated[1], ...rated.slice(-4)].map((row) => row.documentId)
  for (const documentId of six) {
    await asks(desk, 'moveChild', { documentId, village: township.village.code, class: leaving.id, note: '毕业班' })
  }
  const form = (kind, more) => ({ kind, year, into: 'junior', on: '2026-07-05', ...more })
  const records = (page, documentIds, form) => asks(page, 'recordTransition', { documentIds, form, pages: null })
  const signers = '家长签字表在班级档案'
  await records(desk, six.slice(0, 4), form('listed', { destination: 'county_public', school: junior.code, signers }))
  await records(desk, six.slice(4, 5), form('listed', { destination: 'out_of_province', schoolName: '东莞市石排镇某某学校', signers }))
  await records(desk, six.slice(0, 4), form('handed_over', { toClass: entered, signers: '小学：李老师；初中：王老师' }))
  await township.syncs(desk)

  const tablet = await opens('transition-tablet', TABLET)
  await township.enrols(tablet, township.invites('王老师', 'class_teacher', `class:${entered}`))
  await township.syncs(tablet)
  await tablet.getByTestId('nav-today').tap()
  await tablet.getByTestId('today-transition').waitFor()
  await shoot(tablet, 'tablet-transition-today')
  await tablet.getByTestId('transition-card').getByRole('link').first().tap()
  await tablet.getByTestId('transition-row').first().waitFor()
  await shoot(tablet, 'tablet-transition')
  await tablet.getByTestId('transition-arrived').first().tap()
  await tablet.locator('[data-testid=transition-row][data-state=arrived]').first().waitFor()
  await shoot(tablet, 'tablet-transition-arrived')
  const waiting = tablet.locator('[data-testid=transition-row][data-state=handed_over]').last()
  await waiting.getByTestId('transition-no-show').tap()
  await tablet.getByTestId('transition-reason').first().waitFor()
  await shoot(tablet, 'tablet-transition-reasons')
  await tablet.getByTestId('transition-reason').nth(1).tap()
  await tablet.locator('[data-testid=transition-row][data-state=no_show]').first().waitFor()
  await shoot(tablet, 'tablet-transition-no-show')
  await township.syncs(tablet)
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('scale-2').tap()
  await tablet.goto(tablet.url().replace(/#.*/, '#/transition'))
  await tablet.getByTestId('transition-row').first().waitFor()
  await shoot(tablet, 'tablet-transition-200')
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('scale-1').tap()
  await tablet.getByTestId('language-en').tap()
  await tablet.setViewportSize(LANDSCAPE)
  await tablet.goto(tablet.url().replace(/#.*/, '#/transition'))
  await tablet.getByTestId('transition-row').first().waitFor()
  await shoot(tablet, 'tablet-transition-landscape-en')

  await township.syncs(desk)
  await desk.goto(desk.url().replace(/#.*/, '#/transition'))
  await desk.getByTestId('balance-row').first().waitFor()
  await shoot(desk, 'desk-transition')
  await desk.getByTestId('balance-open').first().click()
  await desk.getByTestId('transition-row').first().waitFor()
  await desk.getByTestId('transition-more').first().click()
  await desk.getByTestId('transition-row').first().scrollIntoViewIfNeeded()
  await shoot(desk, 'desk-transition-children')
  await desk.locator('[data-testid^=transition-do-]').first().click()
  await desk.getByTestId('transition-form').scrollIntoViewIfNeeded()
  await shoot(desk, 'desk-transition-form')
  await desk.getByTestId('nav-more').click()
  await desk.getByTestId('scale-2').click()
  await desk.getByTestId('language-en').click()
  await desk.goto(desk.url().replace(/#.*/, '#/transition'))
  await desk.getByTestId('balance-row').first().waitFor()
  await desk.getByTestId('balance').scrollIntoViewIfNeeded()
  await shoot(desk, 'desk-transition-200-en')
}
