//! The county's keys: one that signs the register, one of the administration that writes the county document,
//! one that proves the server, one that issues device certificates. All are files of the data folder and so of
//! every backup; the private half of the recovery key is not among them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::files::{create_folders, sync_folder};
use jiafang_core::vault::signing::{DeviceSigner, PublicKey};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SubjectPublicKeyInfo,
};

/// The folder within the data folder.
pub const FOLDER_NAME: &str = "keys";

const COUNTY: &str = "county.key";
const ADMINISTRATION: &str = "administration.key";
const SERVER_KEY: &str = "server.key.pem";
const SERVER_CERTIFICATE: &str = "server.crt.pem";
const DEVICE_CA_KEY: &str = "device-ca.key.pem";
const DEVICE_CA_CERTIFICATE: &str = "device-ca.crt.pem";
/// All files, for the backup.
pub const FILES: &[&str] =
    &[COUNTY, ADMINISTRATION, SERVER_KEY, SERVER_CERTIFICATE, DEVICE_CA_KEY, DEVICE_CA_CERTIFICATE];

/// The county's keys.
pub struct Identity {
    /// Signs the register.
    pub county: DeviceSigner,
    /// Writes the county document.
    pub administration: DeviceSigner,
    /// The server's certificate, PEM.
    pub server_certificate_pem: String,
    /// Its key, PEM.
    pub server_key_pem: String,
    /// The certificate that device certificates are issued under, PEM.
    pub device_ca_certificate_pem: String,
    device_ca_key_pem: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

fn certificate_failure(cause: rcgen::Error) -> Failure {
    Failure::caused(ErrorCode::Internal, "a certificate", cause)
}

/// A new Ed25519 key, from the randomness that was handed in.
fn new_key(environment: &jiafang_core::environment::Environment) -> Result<KeyPair> {
    let pkcs8 = DeviceSigner::new(environment).to_pkcs8_der()?;
    KeyPair::try_from(pkcs8.as_slice()).map_err(certificate_failure)
}

/// Certificates are pinned or issued for a register that revokes: their own end is far away.
const VALID_UNTIL_YEAR: i32 = 2075;

fn long_lived(params: &mut CertificateParams) {
    // A server whose battery is empty wakes up in 1970, and must let its devices in all the same.
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    params.not_after = rcgen::date_time_ymd(VALID_UNTIL_YEAR, 1, 1);
}

impl Identity {
    /// Makes all keys of a new county.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when a certificate cannot be made.
    pub fn create(host: &str, environment: &jiafang_core::environment::Environment) -> Result<Self> {
        let server_key = new_key(environment)?;
        let mut params = CertificateParams::new(vec![host.to_owned()]).map_err(certificate_failure)?;
        params.distinguished_name.push(DnType::CommonName, "jiafang-sync-server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        long_lived(&mut params);
        let server_certificate = params.self_signed(&server_key).map_err(certificate_failure)?;
        let ca_key = new_key(environment)?;
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(certificate_failure)?;
        params.distinguished_name.push(DnType::CommonName, "jiafang-devices");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        long_lived(&mut params);
        let ca_certificate = params.self_signed(&ca_key).map_err(certificate_failure)?;
        Ok(Self {
            county: DeviceSigner::new(environment),
            administration: DeviceSigner::new(environment),
            server_certificate_pem: server_certificate.pem(),
            server_key_pem: server_key.serialize_pem(),
            device_ca_certificate_pem: ca_certificate.pem(),
            device_ca_key_pem: ca_key.serialize_pem(),
        })
    }

    /// Replaces the server's own certificate and key by given ones. Whether they go together is asked by
    /// [`crate::serve::check_keys`].
    #[must_use]
    pub fn with_server_certificate(mut self, certificate_pem: String, key_pem: String) -> Self {
        self.server_certificate_pem = certificate_pem;
        self.server_key_pem = key_pem;
        self
    }

    /// Writes the keys into a data folder, readable by its owner only.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, data: &Path) -> Result<()> {
        let folder = data.join(FOLDER_NAME);
        create_folders(&folder)?;
        let secret = |signer: &DeviceSigner| data_encoding::HEXLOWER.encode(signer.secret().as_ref());
        write_private(&folder.join(COUNTY), secret(&self.county).as_bytes())?;
        write_private(&folder.join(ADMINISTRATION), secret(&self.administration).as_bytes())?;
        write_private(&folder.join(SERVER_KEY), self.server_key_pem.as_bytes())?;
        write_private(&folder.join(SERVER_CERTIFICATE), self.server_certificate_pem.as_bytes())?;
        write_private(&folder.join(DEVICE_CA_KEY), self.device_ca_key_pem.as_bytes())?;
        write_private(&folder.join(DEVICE_CA_CERTIFICATE), self.device_ca_certificate_pem.as_bytes())
    }

    /// Reads the keys of a data folder.
    ///
    /// # Errors
    /// [`ErrorCode::StoreDamaged`] when one is missing or unreadable.
    pub fn read(data: &Path) -> Result<Self> {
        let folder = data.join(FOLDER_NAME);
        let text = |name: &str| {
            fs::read_to_string(folder.join(name))
                .map_err(|cause| Failure::caused(ErrorCode::StoreDamaged, format!("the key file {name}"), cause))
        };
        let signer = |name: &str| -> Result<DeviceSigner> {
            let damaged = || Failure::new(ErrorCode::StoreDamaged, format!("the key file {name}"));
            let bytes = data_encoding::HEXLOWER.decode(text(name)?.trim().as_bytes()).map_err(|_| damaged())?;
            let secret: [u8; 32] = bytes.try_into().map_err(|_| damaged())?;
            Ok(DeviceSigner::from_secret(&secret))
        };
        Ok(Self {
            county: signer(COUNTY)?,
            administration: signer(ADMINISTRATION)?,
            server_certificate_pem: text(SERVER_CERTIFICATE)?,
            server_key_pem: text(SERVER_KEY)?,
            device_ca_certificate_pem: text(DEVICE_CA_CERTIFICATE)?,
            device_ca_key_pem: text(DEVICE_CA_KEY)?,
        })
    }

    /// SHA-256 of the server's SubjectPublicKeyInfo: what enrolment codes carry and devices pin. A renewed certificate
    /// of the same key has the same.
    ///
    /// # Errors
    /// [`ErrorCode::StoreDamaged`] when the certificate cannot be read.
    pub fn fingerprint(&self) -> Result<Hash32> {
        let damaged = || Failure::new(ErrorCode::StoreDamaged, "the server's certificate");
        let (_, pem) =
            x509_parser::pem::parse_x509_pem(self.server_certificate_pem.as_bytes()).map_err(|_| damaged())?;
        let certificate = pem.parse_x509().map_err(|_| damaged())?;
        Ok(Hash32::of(certificate.public_key().raw))
    }

    /// Issues the X.509 certificate of a device, DER.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`].
    pub fn issue(&self, certificate: CertificateId, key: &PublicKey) -> Result<Vec<u8>> {
        let ca_key = KeyPair::from_pem(&self.device_ca_key_pem).map_err(certificate_failure)?;
        let issuer = Issuer::from_ca_cert_pem(&self.device_ca_certificate_pem, ca_key).map_err(certificate_failure)?;
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(certificate_failure)?;
        params.distinguished_name.push(DnType::CommonName, certificate.to_string());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        long_lived(&mut params);
        let key = SubjectPublicKeyInfo::from_der(&ed25519_spki(key)).map_err(certificate_failure)?;
        Ok(params.signed_by(&key, &issuer).map_err(certificate_failure)?.der().to_vec())
    }
}

/// An Ed25519 public key as a SubjectPublicKeyInfo (RFC 8410, section 4).
#[must_use]
pub fn ed25519_spki(key: &PublicKey) -> Vec<u8> {
    const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    [PREFIX.as_slice(), key.0.as_slice()].concat()
}

/// Writes a file that nobody but its owner may read, whole and durably.
///
/// # Errors
/// A file that cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut partial: PathBuf = path.to_path_buf();
    partial.set_extension("partial");
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), sync_folder)?;
    Ok(())
}
