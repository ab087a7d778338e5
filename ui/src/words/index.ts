import { createI18n } from 'vue-i18n'
import type { Words } from './chinese'

export type Language = 'zh-CN' | 'en'

// Each language is a file of its own, read when somebody speaks it: a tablet seldom needs both.
const read: Record<Language, () => Promise<Words>> = {
  'zh-CN': async () => (await import('./chinese')).zh,
  en: async () => (await import('./english')).en,
}

/** What the person chose on this device. */
export const remembered: Language = localStorage.getItem('language') === 'en' ? 'en' : 'zh-CN'

export const i18n = createI18n<{ message: Words }, Language, false>({ legacy: false, locale: remembered })

const known = new Set<Language>()
let asked: Language = remembered

/** Reads the words of a language where they are not here yet; then all texts are in it. Of two wishes the last one holds. */
export async function speak(language: Language): Promise<void> {
  asked = language
  if (!known.has(language)) {
    i18n.global.setLocaleMessage(language, await read[language]())
    known.add(language)
  }
  if (asked === language) i18n.global.locale.value = language
}

/** The person chooses a language: the texts change at once when its words are here, and it stays chosen on this device. */
export async function setLanguage(language: Language): Promise<void> {
  await speak(language)
  if (i18n.global.locale.value !== language) return
  localStorage.setItem('language', language)
}
