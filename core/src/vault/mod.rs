//! Keys: the data key that everything on the device is encrypted under, how it is wrapped, and sealing.
//! What is wrapped by what, and against whom: docs/decisions/keys.md.

pub mod sealing;
pub mod signing;

#[cfg(test)]
mod test_environment;
