import type { DossierDelivery } from '../bindings/DossierDelivery'
import { i18n } from '../words'

/** What of a dossier is not with the server, without what there is none of. */
export function missingWords(dossier: DossierDelivery): string {
  const { t } = i18n.global
  const { recordsHere, recordsApart, photosHere, photosApart } = dossier
  return [
    recordsHere && t('sync.missing.recordsHere', recordsHere),
    recordsApart && t('sync.missing.recordsApart', recordsApart),
    photosHere && t('sync.missing.photosHere', photosHere),
    photosApart && t('sync.missing.photosApart', photosApart),
  ]
    .filter(Boolean)
    .join(t('common.comma'))
}
