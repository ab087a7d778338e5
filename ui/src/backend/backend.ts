import type { AppState } from '../bindings/AppState'
import type { CommandName, Commands } from '../bindings/commands'
import type { DraftView } from '../bindings/DraftView'
import type { EnrolmentCodeRead } from '../bindings/EnrolmentCodeRead'
import type { FailureView } from '../bindings/FailureView'
import type { MadeFile } from '../bindings/MadeFile'
import type { PacksImported } from '../bindings/PacksImported'
import type { RosterPreview } from '../bindings/RosterPreview'

export type PhotoKind = 'thumbnail' | 'photo' | 'marked_copy'

/** A reminder in words, at milliseconds since 1970. */
export interface ReminderWords {
  at: number
  title: string
  body: string
}

/** What the user interface asks of its host. Every promise rejects with a `FailureView`. */
export interface Backend {
  call<C extends CommandName>(command: C, request: Commands[C]['request']): Promise<Commands[C]['response']>
  /** Attaches the camera's file to a draft. */
  attachPhoto(draftId: string, file: Blob): Promise<DraftView>
  /** Reads the enrolment code out of a picture of its QR code. */
  readEnrolmentCode(picture: Blob): Promise<EnrolmentCodeRead>
  /** Reads a spreadsheet and judges its rows; writes nothing. */
  previewRoster(file: File): Promise<RosterPreview>
  /** Takes a file of packs in, which its code opens. */
  importPacks(file: File, code: string): Promise<PacksImported>
  photoUrl(kind: PhotoKind, hash: string): string
  /** Saves a file that was made where the person wants it; false when the person changed their mind. */
  saveFile(made: MadeFile): Promise<boolean>
  /** Where the system can remind of something while the app is closed or behind others; missing where it cannot. */
  reminders?: {
    /** Asks the system, which asks the person once. */
    allowed(): Promise<boolean>
    /** Replaces all that were planned. */
    plan(words: ReminderWords[]): Promise<void>
  }
  /** Where a system may recognise the person by finger or face; missing where none can. */
  recognition?: {
    possible(): Promise<boolean>
    /** The system asks, with this sentence and this word on the button to cancel; the screens are uncovered. */
    uncover(reason: string, cancel: string): Promise<AppState>
  }
  /** Where the system has a button, or a gesture, to go back: `goes` is asked first; when it says no, the app leaves the screen. */
  onBackButton(goes: () => boolean): void
  /** Hears that something changed that screens show, and once when it begins to hear. */
  onChanged(listener: () => void): () => void
}

/** What a host that is gone says. */
export function asFailure(reason: unknown): FailureView {
  if (typeof reason === 'object' && reason !== null && 'code' in reason && 'facts' in reason) {
    return reason as FailureView
  }
  return { code: 'internal', facts: {} }
}
