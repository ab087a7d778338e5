import type { EvidenceGapWord } from '../bindings/EvidenceGapWord'
import type { EvidenceState } from '../bindings/EvidenceState'
import type { EvidenceView } from '../bindings/EvidenceView'
import { dayText } from '../look/dates'
import { i18n } from '../words'

const { t, locale } = i18n.global

/** The name of a kind of proof. */
export function proofName(view: EvidenceView, key: string | undefined): string {
  const kind = view.kinds.find((each) => each.key === key)
  return kind ? (locale.value === 'en' ? kind.en : kind.zh) : (key ?? '')
}

/** Shape and colour of a state, never colour alone. */
export const MARKS: Record<EvidenceState, [string, string]> = {
  not_asked: ['○', 'settled'],
  complete: ['✓', 'well'],
  expiring: ['▲', 'due'],
  expired: ['■', 'late'],
  missing: ['■', 'late'],
}

/** What is missing of a child's evidence, in a few words. */
export function gapText(gap: EvidenceGapWord): string {
  const what = locale.value === 'en' ? gap.en : gap.zh
  const day = gap.holdsUntil ? dayText(gap.holdsUntil) : ''
  if (gap.state === 'missing') return t('evidence.gaps.missing', { what })
  return t(gap.state === 'expired' ? 'evidence.gaps.expired' : 'evidence.gaps.expiring', { what, day })
}
