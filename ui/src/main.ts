import './polyfills'
import './look/base.scss'
import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { start } from './state/app'
import { applyDisplay } from './state/display'
import { i18n } from './words'

applyDisplay()
document.documentElement.lang = i18n.global.locale.value
createApp(App).use(i18n).use(router).mount('#app')
void start()
