//! The one-time code that enrols a device: where the server is, how its key is known, and the right to enrol.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::typed_text::{from_typed_text, to_typed_text};
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};

const PREFIX: &str = "JF1-";
const NAME: u8 = 0;
const IPV4: u8 = 4;
const IPV6: u8 = 6;
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// An enrolment code: `JF1-` and groups of four characters, some 100 in all for a server with an IPv4 address;
/// upper case and digits, so that its QR code is small.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    address: String,
    fingerprint: Hash32,
    token: [u8; 16],
}

impl EnrolmentCode {
    /// A code for the server at `address` (`host:port`; a name, an IPv4 address, or an IPv6 address in brackets).
    ///
    /// # Errors
    /// [`ErrorCode::FieldInvalid`] for the field `address`, reason `host_and_port`.
    pub fn new(address: &str, fingerprint: Hash32, token: [u8; 16]) -> Result<Self> {
        let (address, _) = read_address(address).ok_or_else(|| Failure::invalid("address", "host_and_port"))?;
        Ok(Self { address, fingerprint, token })
    }

    /// `host:port` of the server, in lower case.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// SHA-256 of the DER of the server's SubjectPublicKeyInfo.
    #[must_use]
    pub const fn fingerprint(&self) -> Hash32 {
        self.fingerprint
    }

    /// The one-time token. A server keeps only its SHA-256 and looks it up by that, so that neither a stolen
    /// database nor the time of a comparison gives it away.
    #[must_use]
    pub const fn token(&self) -> &[u8; 16] {
        &self.token
    }

    /// `JF1-XXXX-XXXX-…`: token, fingerprint and address with a checksum.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = self.token.to_vec();
        bytes.extend_from_slice(&self.fingerprint.0);
        bytes.extend(read_address(&self.address).map(|(_, short)| short).unwrap_or_default());
        to_typed_text(PREFIX, &bytes)
    }

    /// From a text as it was scanned or typed: lower case, missing dashes, spaces, `O` for `0` and `I` for `1` are
    /// no errors.
    ///
    /// # Errors
    /// [`ErrorCode::EnrolmentCodeUnreadable`] when it is something else or has a typing error.
    pub fn from_text(text: &str) -> Result<Self> {
        let read = || {
            let bytes = from_typed_text(PREFIX, text)?;
            let (token, rest) = bytes.split_first_chunk()?;
            let (fingerprint, address) = rest.split_first_chunk()?;
            Some(Self { address: long_address(address)?, fingerprint: Hash32(*fingerprint), token: *token })
        };
        read().ok_or_else(|| Failure::new(ErrorCode::EnrolmentCodeUnreadable, "no enrolment code, or a typing error"))
    }
}

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentCode")
            .field("address", &self.address)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// An address as it is written, and in its short form: the kind, the port, and the bytes of an IP address or the
/// letters of a name.
fn read_address(text: &str) -> Option<(String, Vec<u8>)> {
    let text = text.trim().to_ascii_lowercase();
    let (host, port) = text.rsplit_once(':')?;
    let (kind, port, host_bytes) = match text.parse::<SocketAddr>() {
        Ok(SocketAddr::V4(address)) => (IPV4, address.port(), address.ip().octets().to_vec()),
        Ok(SocketAddr::V6(address)) => (IPV6, address.port(), address.ip().octets().to_vec()),
        Err(_) if is_host_name(host) => (NAME, port.parse().ok()?, host.as_bytes().to_vec()),
        Err(_) => return None,
    };
    let short = [[kind].as_slice(), &port.to_be_bytes(), &host_bytes].concat();
    Some((long_address(&short)?, short))
}

fn long_address(short: &[u8]) -> Option<String> {
    let (&kind, rest) = short.split_first()?;
    let (&port, host) = rest.split_first_chunk()?;
    let port = u16::from_be_bytes(port);
    if port == 0 {
        return None;
    }
    match kind {
        IPV4 => {
            let octets: [u8; 4] = host.try_into().ok()?;
            Some(SocketAddrV4::new(Ipv4Addr::from(octets), port).to_string())
        }
        IPV6 => {
            let octets: [u8; 16] = host.try_into().ok()?;
            Some(SocketAddrV6::new(Ipv6Addr::from(octets), port, 0, 0).to_string())
        }
        NAME => {
            let name = std::str::from_utf8(host).ok().filter(|name| is_host_name(name))?;
            Some(format!("{name}:{port}"))
        }
        _ => None,
    }
}

/// Whether it is a host name in lower case (RFC 1123), and no IP address with a slip in it: the last label of a
/// name is no number.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= HOST_BYTES_MAX && name.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: [u8; 16] = [0xA7; 16];

    fn code(address: &str) -> EnrolmentCode {
        EnrolmentCode::new(address, Hash32::of(b"a server's key"), TOKEN).unwrap()
    }

    #[test]
    fn a_code_comes_back_from_its_text() {
        for address in ["192.168.1.20:8443", "[2001:db8::1]:8443", "jiafang.example.cn:443", "localhost:1"] {
            let text = code(address).to_text();
            assert!(text.starts_with("JF1-"));
            let back = EnrolmentCode::from_text(&text).unwrap();
            assert_eq!(back, code(address));
            assert_eq!(back.address(), address);
            assert_eq!(back.token(), &TOKEN);
        }
    }

    #[test]
    fn a_code_for_an_ip_address_is_short_enough_to_be_typed_at_need() {
        let text = code("192.168.1.20:8443").to_text();
        assert_eq!(text.replace('-', "").len(), 98, "{text}");
    }

    #[test]
    fn a_code_typed_without_care_is_read() {
        let text = code("jiafang.example.cn:8443").to_text();
        for typed in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('0', "O").replace('1', "I"),
            format!(" {text}\n"),
        ] {
            assert_eq!(EnrolmentCode::from_text(&typed).unwrap(), code("jiafang.example.cn:8443"), "{typed}");
        }
    }

    #[test]
    fn a_typing_error_is_told_from_a_wrong_code() {
        let text = code("192.168.1.20:8443").to_text();
        let mut mistyped = text.clone();
        let last = mistyped.pop();
        mistyped.push(if last == Some('7') { '8' } else { '7' });
        for typed in [mistyped.as_str(), text.get(..20).unwrap(), "", "JF1-", "JF2-0000", "https://example.cn", "无"] {
            let failure = EnrolmentCode::from_text(typed).unwrap_err();
            assert_eq!(failure.code, ErrorCode::EnrolmentCodeUnreadable, "{typed}");
        }
    }

    #[test]
    fn an_address_that_no_device_could_call_makes_no_code() {
        for address in [
            "",
            "192.168.1.20",
            "192.168.1.20:0",
            "192.168.1.20:70000",
            "192.168.1.300:8443",
            "192.168.001.020:8443",
            ":8443",
            "a b:8443",
            "-a.cn:8443",
            "a..cn:8443",
            "https://a.cn:8443",
            "2001:db8::1:8443",
            "家访.cn:8443",
        ] {
            let failure = EnrolmentCode::new(address, Hash32::ZERO, TOKEN).unwrap_err();
            assert_eq!(failure.code, ErrorCode::FieldInvalid, "{address}");
        }
        assert_eq!(code(" Jiafang.Example.CN:8443").address(), "jiafang.example.cn:8443");
    }

    #[test]
    fn no_log_shows_the_token() {
        let shown = format!("{:?}", code("192.168.1.20:8443"));
        assert!(shown.contains("192.168.1.20:8443") && !shown.contains("167") && !shown.contains("token"), "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_no_code(text in "\\PC*") {
            proptest::prop_assert!(EnrolmentCode::from_text(&text).is_err());
        }

        #[test]
        fn garbage_with_a_right_checksum_is_a_code_or_none(
            kind in proptest::sample::select(vec![NAME, IPV4, IPV6, 7]),
            address in proptest::collection::vec(proptest::num::u8::ANY, 0..24),
        ) {
            let bytes = [[0xA7; 48].as_slice(), &[kind], &address].concat();
            if let Ok(code) = EnrolmentCode::from_text(&to_typed_text(PREFIX, &bytes)) {
                proptest::prop_assert_eq!(EnrolmentCode::from_text(&code.to_text()).unwrap(), code);
            }
        }
    }
}
