// Pictures of a tablet that was put down in the middle of a visit: its screens are covered, and the PIN brings the visit back.
import { LANDSCAPE, TABLET } from './township.mjs'

const A_QUARTER_OF_AN_HOUR_S = 15 * 60

export async function shootCover(township, shoot) {
  const tablet = await township.opensWithOwnClock('put-down', TABLET)
  await tablet.emulateMedia({ reducedMotion: 'reduce' })
  await township.enrols(tablet, township.invites('周老师', 'class_teacher', `place:${township.village.code}`))
  await township.syncs(tablet)
  await beginsAVisit(tablet)
  await isPutDown(tablet)
  await shoot(tablet, 'tablet-covered')
  await township.unlocks(tablet)
  await tablet.getByTestId('visit-save').waitFor()
  await shoot(tablet, 'tablet-covered-and-back')
  await tablet.getByTestId('nav-more').tap()
  for (const choice of ['scale-2', 'dark', 'language-en']) await tablet.getByTestId(choice).tap()
  await tablet.setViewportSize(LANDSCAPE)
  await isPutDown(tablet, 2)
  await shoot(tablet, 'tablet-covered-200-dark-en-landscape')
}

async function beginsAVisit(tablet) {
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  await tablet.getByTestId('record-visit').tap()
  await tablet.getByTestId('visit-mode-at_home').tap()
}

/**
 * Nobody touches it for a quarter of an hour; it looks at its clock every half a minute. A clock that is taken back is heard of a
 * second late, so the PIN may have been typed at the later time: the next time it is later still.
 */
async function isPutDown(tablet, times = 1) {
  tablet.isLaterBy(times * A_QUARTER_OF_AN_HOUR_S)
  await tablet.getByTestId('unlock-pin').waitFor()
  tablet.isLaterBy(0)
}
