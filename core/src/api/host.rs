//! What the shell around the backend does for it.

/// What a host does for the backend. Grows only when something needs it.
pub trait Host: Send + Sync {
    /// Something changed that screens show: they ask again.
    fn changed(&self);

    /// The app is out of sight, and its process is needed until a sync that was begun has ended (`true`), or is no longer (`false`).
    /// For hosts whose system ends what nobody sees; the others have nothing to do.
    fn needed(&self, is_needed: bool) {
        let _ = is_needed;
    }
}
