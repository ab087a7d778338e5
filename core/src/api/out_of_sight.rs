//! The app goes out of sight while a sync runs, or is about to begin: the host is told that its process is needed, so that the
//! system does not end it before what was begun has ended. What begins later, out of sight, asks for nothing: no system lets an app
//! keep itself running then (docs/decisions/out-of-sight.md).

use super::backend::{Backend, Host};
use super::held::held;
use super::running_sync::Syncing;

impl Syncing {
    /// Tells the host when its process becomes needed, which it can only at the moment in which the app goes out of sight, and when it
    /// no longer is: the sync has ended, well or not, and none follows at once; or somebody looks at the app again.
    pub(super) fn tell_whether_needed(&self, host: &dyn Host, goes_out_of_sight: bool) {
        // Held while the host is told, so that it hears the last word last.
        let mut told = held(&self.is_needed);
        let (is_hidden, follows) = {
            let pace = held(&self.pace);
            (pace.is_hidden(), pace.is_about_to_sync())
        };
        let goes_on = is_hidden && (follows || !self.rests());
        let is_needed = goes_on && (*told || goes_out_of_sight);
        if is_needed != *told {
            *told = is_needed;
            host.needed(is_needed);
        }
    }

    /// The device was locked: what runs finds no key any more.
    fn is_needed_no_more(&self, host: &dyn Host) {
        let mut told = held(&self.is_needed);
        if std::mem::take(&mut *told) {
            host.needed(false);
        }
    }
}

impl Backend {
    /// The window has come into sight, or gone out of it. What was saved a moment ago is then sent at once.
    pub fn shown(&self, is_shown: bool) {
        self.cover_when_due();
        held(&self.syncing.pace).shown(is_shown, self.environment().clock.monotonic_ms());
        let is_open = held(&self.screen).is_open();
        self.syncing.tell_whether_needed(self.host.as_ref(), !is_shown && is_open);
        self.syncing.alarm.ring();
    }

    /// The device was locked, and nothing that it began goes on.
    pub(super) fn is_needed_no_more(&self) {
        self.syncing.is_needed_no_more(self.host.as_ref());
    }
}
