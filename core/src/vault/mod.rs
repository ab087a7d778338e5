//! Keys: the data key that everything on the device is encrypted under, how it is wrapped, and sealing.

pub mod sealing;
pub mod signing;
