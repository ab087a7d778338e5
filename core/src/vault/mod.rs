//! Keys: the data key that everything on the device is encrypted under, how it is wrapped, and sealing.
//! What is wrapped by what, and against whom: docs/decisions/keys.md.

pub mod device_secret;
pub mod enrolment_code;
pub mod key_file;
mod key_file_contents;
pub mod pin;
pub mod pin_key;
mod pin_wait;
pub mod recovery;
pub mod recovery_key;
mod sealed_secret;
pub mod sealing;
pub mod signing;
pub mod transfer_code;
mod typed_text;

#[cfg(test)]
mod test_environment;
