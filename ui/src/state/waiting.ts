import type { SyncStatus } from '../bindings/SyncStatus'
import { i18n } from '../words'

/** What waits to be sent, without what there is none of. */
export function waitingWords({ waitingRecords, waitingPhotos }: Pick<SyncStatus, 'waitingRecords' | 'waitingPhotos'>): string {
  const { t } = i18n.global
  return [
    waitingRecords && t('sync.someRecords', waitingRecords),
    waitingPhotos && t('sync.somePhotos', waitingPhotos),
  ]
    .filter(Boolean)
    .join(t('common.comma'))
}
