//! TLS 1.3 to a server that must have one key, and no other: its enrolment code carried the fingerprint. Names,
//! dates and authorities count for nothing; a tablet's clock may be wrong by years.

use std::sync::Arc;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::PHOTO_PIECE_BYTES;
use jiafang_core::sync::link::LinkFailure;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, SignatureScheme};
use subtle::ConstantTimeEq;

/// What goes out is sealed in pieces of this size. The other end can open a piece when all of it has come: so it keeps of a
/// photo, and answers to, each piece while the next is on its way, and a line that breaks wastes no more than one.
const RECORD_BYTES_MAX: usize = PHOTO_PIECE_BYTES + 64;

/// Accepts one public key.
#[derive(Debug)]
struct PinnedKey {
    fingerprint: Hash32,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (_, certificate) = x509_parser::parse_x509_certificate(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let shown = Hash32::of(certificate.public_key().raw);
        if bool::from(shown.0.ct_eq(&self.fingerprint.0)) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // The pinned key must be the one that signs this very handshake.
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The TLS set-up of a device: with its certificate and key once it is enrolled.
pub(crate) fn client_config(
    fingerprint: Hash32,
    identity: Option<(&[u8], &[u8])>,
) -> Result<ClientConfig, LinkFailure> {
    let unusable = |cause: Error| LinkFailure::Unreadable(format!("the device's certificate: {cause}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(PinnedKey { fingerprint, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from(certificate.to_vec())],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec())),
            )
            .map_err(unusable)?,
    };
    config.max_fragment_size = Some(RECORD_BYTES_MAX);
    Ok(config)
}
