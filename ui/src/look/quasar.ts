import { Notify, Quasar, type QuasarIconSet, type QuasarLanguage } from 'quasar'
import materialIcons from 'quasar/icon-set/material-icons.js'
import langEn from 'quasar/lang/en-US.js'
import langZh from 'quasar/lang/zh-CN.js'
import { type App, watch } from 'vue'
import { i18n } from '../words'

// The few signs that components of Quasar draw, as paths: no icon font is carried for them.
const LEFT = 'M15.4 7.4 14 6l-6 6 6 6 1.4-1.4-4.6-4.6z'
const RIGHT = 'M8.6 16.6 10 18l6-6-6-6-1.4 1.4 4.6 4.6z'
const DOWN = 'M7 9.5l5 5 5-5z'
const CROSS = 'M18.3 7.1 16.9 5.7 12 10.6 7.1 5.7 5.7 7.1l4.9 4.9-4.9 4.9 1.4 1.4 4.9-4.9 4.9 4.9 1.4-1.4-4.9-4.9z'

const icons = {
  ...(materialIcons as QuasarIconSet),
  arrow: { up: DOWN, right: RIGHT, down: DOWN, left: LEFT, dropdown: DOWN },
  chevron: { left: LEFT, right: RIGHT },
  datetime: { arrowLeft: LEFT, arrowRight: RIGHT, now: RIGHT, today: RIGHT },
  field: { clear: CROSS, error: CROSS },
  chip: { remove: CROSS, selected: DOWN },
} as QuasarIconSet

/** Quasar's words in the app's language; weeks begin on Monday in both, as in a Chinese school calendar. */
function language(locale: string): QuasarLanguage {
  const chosen = (locale === 'en' ? langEn : langZh) as QuasarLanguage
  return { ...chosen, date: { ...chosen.date, firstDayOfWeek: 1 } }
}

/** Sets Quasar up: our signs, the language of the app and its later changes, no ripples. */
export function useQuasar(app: App): void {
  app.use(Quasar, {
    plugins: { Notify },
    lang: language(i18n.global.locale.value),
    iconSet: icons,
    config: { ripple: false, notify: { position: 'bottom', timeout: 5000, progress: false } },
  })
  watch(i18n.global.locale, (locale) => Quasar.lang.set(language(locale)))
}
