import type { ErrorCode } from '../bindings/ErrorCode'
import type { FailureView } from '../bindings/FailureView'
import { i18n } from '../words'

export type Severity = 'note' | 'warning' | 'danger'

/** How bad each failure is for the person; its sentences stand in `words/failures.ts` under the same code. */
export const SEVERITY: Record<ErrorCode, Severity> = {
  enrolment_code_unreadable: 'warning',
  enrolment_code_wrong: 'warning',
  enrolment_code_used: 'warning',
  enrolment_code_expired: 'warning',
  already_enrolled: 'warning',
  not_enrolled: 'warning',
  server_unreachable: 'note',
  server_not_trusted: 'danger',
  device_refused: 'danger',
  server_answer_unreadable: 'warning',
  app_too_old: 'warning',
  server_fault: 'warning',
  server_rewound: 'note',
  pin_wrong: 'warning',
  pin_wait: 'warning',
  pin_too_weak: 'warning',
  recovery_answer_wrong: 'warning',
  locked: 'note',
  disk_full: 'danger',
  store_damaged: 'danger',
  store_too_new: 'danger',
  store_failed: 'danger',
  document_damaged: 'danger',
  document_not_here: 'warning',
  draft_not_here: 'warning',
  not_allowed: 'warning',
  child_moved_away: 'warning',
  field_missing: 'warning',
  field_invalid: 'warning',
  status_change_refused: 'warning',
  photo_format_unsupported: 'warning',
  qr_code_not_found: 'warning',
  photo_damaged: 'warning',
  photo_too_large: 'warning',
  pack_damaged: 'danger',
  transfer_code_wrong: 'warning',
  sync_first: 'note',
  photo_not_here: 'note',
  spreadsheet_unreadable: 'warning',
  spreadsheet_header_missing: 'warning',
  spreadsheet_too_large: 'warning',
  import_not_here: 'warning',
  file_write_failed: 'danger',
  conflict_gone: 'note',
  request_unreadable: 'danger',
  internal: 'danger',
}

/** What happened and what to do, in the person's language. */
export function sentence(failure: FailureView): string {
  const { t, te } = i18n.global
  const facts: Record<string, string> = { ...failure.facts }
  const waits = Number(facts.wait_seconds ?? 0) > 0
  for (const [fact, topic] of [
    ['field', 'fields'],
    ['reason', 'reasons'],
    ['format', 'formats'],
  ] as const) {
    const key = `failures.${topic}.${facts[fact] ?? ''}`
    const setting = `settings.mistake.${facts[fact] ?? ''}`
    if (fact === 'reason' && te(setting)) {
      facts[fact] = t(setting)
      continue
    }
    facts[fact] = facts[fact] && te(key) ? t(key) : (facts[fact] ?? t(fact === 'format' ? 'failures.formats.unknown' : 'failures.reasons.other'))
  }
  // The first wrong PINs cost no waiting: nothing is said of it then.
  if (failure.code === 'pin_wrong' && !waits) return t('failures.pinWrongNow')
  return t(`failures.codes.${failure.code}`, facts)
}
