import './polyfills'
import './look/quasar.scss'
import './look/base.scss'
import { createApp, watch } from 'vue'
import App from './App.vue'
import { backend } from './backend'
import { useQuasar } from './look/quasar'
import { goBack, router } from './router'
import { start } from './state/app'
import { applyDisplay } from './state/display'
import { keepReminding } from './state/reminders'
import { tellOfTouches } from './state/screen_lock'
import { i18n, remembered, speak } from './words'

function draw(): void {
  const page = createApp(App).use(i18n).use(router)
  useQuasar(page)
  page.mount('#app')
}

applyDisplay()
watch(i18n.global.locale, (language) => (document.documentElement.lang = language), { immediate: true })
// The words are read while the host says where the app stands; nothing is drawn without them. No `await` here: what other
// screens share with this file could then not lie in one file with it, and the start would read twenty.
void speak(remembered).then(draw)
void start()
keepReminding()
tellOfTouches()
backend.onBackButton(goBack)
