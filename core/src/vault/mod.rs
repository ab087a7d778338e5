//! Keys: the data key that everything on the device is encrypted under, how it is wrapped, and sealing.
//! What is wrapped by what, and against whom: docs/decisions/keys.md.

pub mod enrolment_code;
pub mod pin;
pub mod sealing;
pub mod signing;
mod typed_text;

#[cfg(test)]
mod test_environment;
