import type { AskedExtra } from '../../bindings/AskedExtra'
import type { Condition } from '../../bindings/Condition'
import type { EvidenceRules } from '../../bindings/EvidenceRules'
import type { Choice } from '../../blocks/choices'
import { app, word } from '../../state/app'
import { i18n } from '../../words'

const { t, locale } = i18n.global

/** The kinds of proof that a list offers, in the person's language. */
export function kindChoices(rules: EvidenceRules): Choice[] {
  return rules.kinds.map((kind) => ({ key: kind.key, text: (locale.value === 'en' && kind.en) || kind.zh || kind.key }))
}

export function kindName(rules: EvidenceRules, key: string): string {
  return kindChoices(rules).find((kind) => kind.key === key)?.text ?? key
}

/** 学籍系统截图 / 就读证明 */
export function kindsText(rules: EvidenceRules, keys: readonly string[]): string {
  return keys.map((key) => kindName(rules, key)).join(' / ')
}

/** 1 份：班级花名册页 / 在班照片 */
export function extraText(rules: EvidenceRules, extra: AskedExtra): string {
  return t('settings.evidence.extra', { n: extra.asked, kinds: kindsText(rules, extra.kinds) })
}

export function statusesText(statuses: readonly string[]): string {
  return statuses.map((status) => word(app.codes?.schoolingStatus, status)).join('、')
}

/** What a mistake is about: a status, a kind of proof, or the version itself. */
export function placeText(rules: EvidenceRules, key: string): string {
  const isStatus = app.codes?.schoolingStatus.some((status) => status.key === key)
  return isStatus ? statusesText([key]) : kindName(rules, key)
}

/** Of whom more is asked. */
export function conditionText(when: Condition): string {
  const who = when.on === 'flag' ? t('settings.evidence.flagged', { flag: word(app.codes?.childFlag, when.flag) }) : t('settings.evidence.noIdNumber')
  return t('settings.evidence.also', { who })
}
