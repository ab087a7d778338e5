//! The data key under a PIN: Argon2id of the PIN, combined with the device's secret, wraps it.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, Zeroizing};

use super::device_secret::DeviceSecret;
use super::pin::Pin;
use super::sealed_secret::{SealedSecret, derive};
use super::sealing::DataKey;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

const WRAPPING: &str = "jiafang/v1/data-key-under-pin";

/// What one try of a PIN costs, by Argon2id (RFC 9106). It stands in the key file, so that it can grow with the
/// tablets while files of older versions still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Argon2Cost {
    #[n(0)]
    memory_kib: u32,
    #[n(1)]
    passes: u32,
    #[n(2)]
    lanes: u32,
}

impl Argon2Cost {
    /// What is shipped: 32 MiB, 3 passes, 1 lane. More than the OWASP minimum (19 MiB, 2 passes, 1 lane; Password
    /// Storage Cheat Sheet), and still about 0.3 s on a cheap tablet: docs/decisions/keys.md.
    #[must_use]
    pub const fn standard() -> Self {
        Self { memory_kib: 32 * 1024, passes: 3, lanes: 1 }
    }

    /// Next to nothing, for tests that open many stores. Never a default: whoever wants it must hand it in.
    #[must_use]
    pub const fn for_tests() -> Self {
        Self { memory_kib: 64, passes: 1, lanes: 1 }
    }

    /// The parameters, unless they are out of all reason: a tampered file shall not eat the tablet's memory.
    fn params(self) -> Option<Params> {
        const MEMORY_KIB_MAX: u32 = 256 * 1024;
        const PASSES_MAX: u32 = 32;
        const LANES_MAX: u32 = 8;
        if self.memory_kib > MEMORY_KIB_MAX || self.passes > PASSES_MAX || self.lanes > LANES_MAX {
            return None;
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()
    }
}

/// The data key as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct PinWrappedKey {
    #[n(0)]
    cost: Argon2Cost,
    #[cbor(n(1), with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(2)]
    sealed: SealedSecret,
}

impl PinWrappedKey {
    /// Wraps `key` under a PIN and the device's secret, with a salt of its own.
    pub(super) fn wrap(
        key: &DataKey,
        pin: &Pin,
        secret: &DeviceSecret,
        cost: Argon2Cost,
        env: &Environment,
    ) -> Result<Self> {
        let salt = env.random_bytes();
        let wrapping = wrapping_key(pin, secret, cost, &salt)?;
        Ok(Self { cost, salt, sealed: SealedSecret::seal(key.as_bytes(), &wrapping, WRAPPING, env)? })
    }

    /// The data key, if the PIN and the secret are right. The cipher's tag tells, in constant time.
    ///
    /// # Errors
    /// [`ErrorCode::StoreDamaged`] when the parameters cannot be those of any version.
    pub(super) fn unwrap(&self, pin: &Pin, secret: &DeviceSecret) -> Result<Option<DataKey>> {
        let wrapping = wrapping_key(pin, secret, self.cost, &self.salt)?;
        Ok(self.sealed.open(&wrapping, WRAPPING).map(|key| DataKey::from_bytes(*key)))
    }

    #[cfg(test)]
    pub(super) fn at_impossible_cost(self) -> Self {
        Self { cost: Argon2Cost { passes: 0, ..self.cost }, ..self }
    }
}

fn wrapping_key(pin: &Pin, secret: &DeviceSecret, cost: Argon2Cost, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>> {
    let damaged = || Failure::new(ErrorCode::StoreDamaged, "the key file asks for an impossible key derivation");
    let params = cost.params().ok_or_else(damaged)?;
    let mut memory = vec![Block::default(); params.block_count()];
    let mut stretched = Zeroizing::new([0; 32]);
    let hashed = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        pin.as_bytes(),
        salt,
        stretched.as_mut(),
        &mut memory,
    );
    // From its memory the result could be had again without the work.
    memory.iter_mut().for_each(Zeroize::zeroize);
    hashed.map_err(|_| damaged())?;
    derive(Some(secret.as_bytes()), stretched.as_ref(), WRAPPING)
}

#[cfg(test)]
mod tests {
    use super::super::test_environment::environment;
    use super::*;

    const COST: Argon2Cost = Argon2Cost::for_tests();

    fn unwraps(wrapped: &PinWrappedKey, pin: &str, secret: [u8; 32]) -> bool {
        wrapped.unwrap(&Pin::typed(pin), &DeviceSecret::from_bytes(secret)).unwrap().is_some()
    }

    #[test]
    fn the_key_opens_with_the_pin_on_its_own_device_only() {
        let (env, _) = environment(1);
        let key = DataKey::from_bytes([7; 32]);
        let secret = DeviceSecret::from_bytes([1; 32]);
        let wrapped = PinWrappedKey::wrap(&key, &Pin::typed("739524"), &secret, COST, &env).unwrap();
        let unwrapped = wrapped.unwrap(&Pin::typed("739524"), &secret).unwrap().unwrap();
        assert_eq!(unwrapped.as_bytes(), &[7; 32]);
        assert!(!unwraps(&wrapped, "739525", [1; 32]));
        assert!(!unwraps(&wrapped, "739524", [2; 32]), "another device's secret");
    }

    #[test]
    fn two_devices_with_one_pin_have_nothing_in_common() {
        let (env, _) = environment(1);
        let key = DataKey::from_bytes([7; 32]);
        let secret = DeviceSecret::from_bytes([1; 32]);
        let wrap = || PinWrappedKey::wrap(&key, &Pin::typed("739524"), &secret, COST, &env).unwrap();
        let (one, two) = (wrap(), wrap());
        assert_ne!(one.salt, two.salt);
        assert_ne!(one.sealed, two.sealed);
    }

    #[test]
    fn a_tampered_cost_eats_neither_memory_nor_time() {
        let (env, _) = environment(1);
        let secret = DeviceSecret::from_bytes([1; 32]);
        let pin = Pin::typed("739524");
        let wrapped = PinWrappedKey::wrap(&DataKey::from_bytes([7; 32]), &pin, &secret, COST, &env).unwrap();
        for cost in [
            Argon2Cost { memory_kib: u32::MAX, ..COST },
            Argon2Cost { passes: u32::MAX, ..COST },
            Argon2Cost { lanes: u32::MAX, ..COST },
            Argon2Cost { memory_kib: 0, ..COST },
            Argon2Cost { passes: 0, ..COST },
            Argon2Cost { lanes: 0, ..COST },
        ] {
            let tampered = PinWrappedKey { cost, ..wrapped.clone() };
            assert_eq!(tampered.unwrap(&pin, &secret).unwrap_err().code, ErrorCode::StoreDamaged, "{cost:?}");
        }
    }

    #[test]
    fn what_is_shipped_is_above_the_owasp_minimum() {
        let shipped = Argon2Cost::standard();
        assert!(shipped.memory_kib >= 19_456 && shipped.passes >= 2 && shipped.lanes >= 1);
        assert!(shipped.params().is_some());
    }
}
