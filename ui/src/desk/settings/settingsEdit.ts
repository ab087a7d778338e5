import { ref, shallowRef } from 'vue'
import { backend } from '../../backend'
import type { CountyEdit } from '../../bindings/CountyEdit'
import type { CountyEditPreview } from '../../bindings/CountyEditPreview'
import type { SettingMistake } from '../../bindings/SettingMistake'
import { attempt } from '../../state/app'
import { toast } from '../../state/toast'
import { i18n } from '../../words'
import { placeText } from './evidenceRules'
import { wayPlace } from './transitionDays'

/** An edit on its way: looked at first, then saved. What it changes, and whether it may, the core says. */
export function useEdit(done: () => void) {
  const preview = shallowRef<CountyEditPreview>()
  const working = ref(false)

  async function look(edit: CountyEdit): Promise<void> {
    working.value = true
    preview.value = await attempt(() => backend.call('previewCountyEdit', { edit }))
    working.value = false
  }

  async function save(): Promise<void> {
    const edit = preview.value?.edit
    if (!edit) return
    working.value = true
    const saved = await attempt(() => backend.call('saveCountyEdit', { edit }))
    working.value = false
    if (!saved) return
    preview.value = undefined
    toast(i18n.global.t('settings.saved'))
    done()
  }

  function forget(): void {
    preview.value = undefined
  }

  return { preview, working, look, save, forget }
}

/** What is wrong, and where: 步骤顺序不对:天数少的要在前面(name_person). */
export function mistakeText({ code, at: key }: SettingMistake, edit: CountyEdit): string {
  const words = i18n.global.t(`settings.mistake.${code}`)
  const at = placeOf(key, edit)
  return at ? `${words}（${at}）` : words
}

function placeOf(key: string, edit: CountyEdit): string {
  if (edit.kind === 'evidence') return placeText(edit.rules, key)
  const field = `settings.home.${key}`
  if (edit.kind === 'home_teaching' && i18n.global.te(field)) return i18n.global.t(field)
  return key.startsWith('transition/') ? wayPlace(key) : key
}

/** What the next version begins from. One of an old day would be refused: today is the first that can be meant. */
export function nextVersion<T extends { holds_from: string }>(rules: T, today: string): T {
  return { ...copyOf(rules), holds_from: rules.holds_from > today ? rules.holds_from : today }
}

/** A copy that nothing else holds: what the screens show is read only. */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
