import './polyfills'
import './look/quasar.scss'
import './look/base.scss'
import { createApp } from 'vue'
import App from './App.vue'
import { backend } from './backend'
import { useQuasar } from './look/quasar'
import { goBack, router } from './router'
import { start } from './state/app'
import { applyDisplay } from './state/display'
import { keepReminding } from './state/reminders'
import { tellOfTouches } from './state/screen_lock'
import { i18n } from './words'

applyDisplay()
document.documentElement.lang = i18n.global.locale.value
const page = createApp(App).use(i18n).use(router)
useQuasar(page)
page.mount('#app')
void start()
keepReminding()
tellOfTouches()
backend.onBackButton(goBack)
