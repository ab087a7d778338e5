import { createI18n } from 'vue-i18n'
import * as apart from './apart'
import * as cases from './cases'
import * as casework from './casework'
import * as common from './common'
import * as danger from './danger'
import * as desk from './desk'
import * as evidence from './evidence'
import * as duty from './duty'
import * as failures from './failures'
import * as office from './office'
import * as settings from './settings'
import * as plan from './plan'
import * as round from './round'
import * as shell from './shell'
import * as sync from './sync'
import * as transition from './transition'
import * as visit from './visit'

// Chinese first; English has the same shape, which the types of each topic hold.
const zh = {
  common: common.zh,
  shell: shell.zh,
  cases: cases.zh,
  casework: casework.zh,
  plan: plan.zh,
  round: round.zh,
  visit: visit.zh,
  sync: sync.zh,
  transition: transition.zh,
  danger: danger.zh,
  desk: desk.zh,
  apart: apart.zh,
  evidence: evidence.zh,
  office: office.zh,
  settings: settings.zh,
  duty: duty.zh,
  failures: failures.zh,
}
const en: typeof zh = {
  common: common.en,
  shell: shell.en,
  cases: cases.en,
  casework: casework.en,
  plan: plan.en,
  round: round.en,
  visit: visit.en,
  sync: sync.en,
  transition: transition.en,
  danger: danger.en,
  desk: desk.en,
  apart: apart.en,
  evidence: evidence.en,
  office: office.en,
  settings: settings.en,
  duty: duty.en,
  failures: failures.en,
}

export type Language = 'zh-CN' | 'en'

const remembered = localStorage.getItem('language')

export const i18n = createI18n({
  legacy: false,
  locale: (remembered === 'en' ? 'en' : 'zh-CN') as Language,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language
  localStorage.setItem('language', language)
  document.documentElement.lang = language
}
