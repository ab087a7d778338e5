//! The county's recovery key: its public half is on every device, its secret half in a safe.

use crypto_box::{PublicKey, SecretKey};
use minicbor::{Decode, Encode};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::sealed_secret::secret_from_slice;
use super::typed_text::{from_typed_text, to_typed_text};
use crate::environment::{Environment, Randomness};
use crate::error::{ErrorCode, Failure, Result};

const PUBLIC_PREFIX: &str = "JFRP1.";
const SECRET_PREFIX: &str = "JFRS1.";

/// The public half of a county's recovery key (X25519): every device seals its data key for it.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RecoveryPublicKey(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    [u8; 32],
);

impl RecoveryPublicKey {
    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `JFRP1.…`, with a checksum.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_typed_text(PUBLIC_PREFIX, &self.0)
    }

    /// From [`RecoveryPublicKey::to_text`]; none when there is a typing error.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        from_typed_text(PUBLIC_PREFIX, text)?.as_slice().try_into().ok().map(Self)
    }

    /// Seals 32 bytes so that only the secret half opens them.
    pub(super) fn seal(&self, secret: &[u8; 32], env: &Environment) -> Result<Vec<u8>> {
        PublicKey::from_bytes(self.0)
            .seal(&mut Drawing(&*env.random), secret)
            .map_err(|_| Failure::new(ErrorCode::Internal, "a secret could not be sealed"))
    }
}

impl std::fmt::Debug for RecoveryPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "RecoveryPublicKey({}…)",
            data_encoding::HEXLOWER.encode(self.0.first_chunk::<4>().unwrap_or(&[0; 4]))
        )
    }
}

/// The secret half of a county's recovery key. It opens every tablet of the county: it is printed or put on a
/// medium that lies in a safe, and never stays on the server. Wiped when dropped, never shown.
pub struct RecoverySecretKey(Zeroizing<[u8; 32]>);

impl RecoverySecretKey {
    /// A new one.
    #[must_use]
    pub(super) fn new(env: &Environment) -> Self {
        Self(Zeroizing::new(env.random_bytes()))
    }

    /// From its bytes.
    pub(super) fn from_secret(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `JFRS1.…`, with a checksum, for the paper in the safe.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(to_typed_text(SECRET_PREFIX, self.0.as_slice()))
    }

    /// From [`RecoverySecretKey::to_text`]; none when there is a typing error.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        secret_from_slice(&from_typed_text(SECRET_PREFIX, text)?).map(Self)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> RecoveryPublicKey {
        RecoveryPublicKey(SecretKey::from_bytes(*self.0).public_key().to_bytes())
    }

    /// Opens what was sealed for the public half.
    pub(super) fn unseal(&self, boxed: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let opened = Zeroizing::new(SecretKey::from_bytes(*self.0).unseal(boxed).ok()?);
        secret_from_slice(&opened)
    }
}

impl std::fmt::Debug for RecoverySecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoverySecretKey")
    }
}

/// A county's recovery key, made when the county is set up.
#[derive(Debug)]
pub struct RecoveryKeyPair {
    /// What every device is given.
    pub public: RecoveryPublicKey,
    /// What lies in the safe.
    pub secret: RecoverySecretKey,
}

impl RecoveryKeyPair {
    /// A new one.
    #[must_use]
    pub fn generate(env: &Environment) -> Self {
        let secret = RecoverySecretKey::new(env);
        Self { public: secret.public(), secret }
    }
}

/// The randomness that was handed in, in the form that `crypto_box` takes.
struct Drawing<'a>(&'a dyn Randomness);

impl RngCore for Drawing<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

/// [`Randomness`] is for keys: its contract is that of this mark.
impl CryptoRng for Drawing<'_> {}

#[cfg(test)]
mod tests {
    use super::super::test_environment::environment;
    use super::*;

    #[test]
    fn both_halves_survive_the_paper_in_the_safe() {
        let (env, _) = environment(1);
        let pair = RecoveryKeyPair::generate(&env);
        let secret = RecoverySecretKey::from_text(&pair.secret.to_text().to_lowercase()).unwrap();
        assert_eq!(secret.public(), pair.public);
        assert_eq!(RecoveryPublicKey::from_text(&pair.public.to_text()), Some(pair.public));
        assert!(pair.public.to_text().starts_with("JFRP1."));
        assert!(pair.secret.to_text().starts_with("JFRS1."));
    }

    #[test]
    fn a_typing_error_makes_no_other_key() {
        let (env, _) = environment(1);
        let pair = RecoveryKeyPair::generate(&env);
        let mut text = pair.public.to_text();
        let last = text.pop().unwrap();
        text.push(if last == '0' { '4' } else { '0' });
        assert_eq!(RecoveryPublicKey::from_text(&text), None);
        assert!(RecoverySecretKey::from_text(&pair.public.to_text()).is_none(), "the public half is no secret half");
    }

    #[test]
    fn only_the_secret_half_opens_what_was_sealed() {
        let (env, _) = environment(1);
        let (pair, other) = (RecoveryKeyPair::generate(&env), RecoveryKeyPair::generate(&env));
        let sealed = pair.public.seal(&[7; 32], &env).unwrap();
        assert_eq!(pair.secret.unseal(&sealed).as_deref(), Some(&[7; 32]));
        assert_eq!(other.secret.unseal(&sealed), None);
        for length in 0..sealed.len() {
            assert_eq!(pair.secret.unseal(&sealed[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn no_log_shows_the_secret_half() {
        let (env, _) = environment(1);
        let pair = RecoveryKeyPair::generate(&env);
        let shown = format!("{pair:?}");
        assert!(shown.ends_with("secret: RecoverySecretKey }"), "{shown}");
    }
}
