"""The words on the wire: encoding, signatures, envelopes, register, enrolment code.

Written from docs/protocol.md alone; the numbers in brackets are its sections.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

import cbor2
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = 1
ZEROES = bytes(32)
ANSWER_BYTES_MAX = 32 << 20
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFUSALS = {
    1: "Malformed", 2: "VersionNotSpoken", 3: "TokenUnknown", 4: "TokenUsed", 5: "TokenExpired", 6: "CertificateRefused",
    7: "NotYours", 8: "TooLarge", 9: "OffsetWrong", 10: "HashWrong", 11: "PhotoUnknown", 12: "Fault",
}  # fmt: skip
FATES = {0: "unknown", 1: "stored", 2: "refused"}
ACCEPT = 1
RECEIPTS = {0: "stored", 1: "duplicate", 2: "needs dependencies", 3: "quarantined"}
COUNTY, PERSON, CERTIFICATE, REVOKED = 0, 1, 2, 3
ROOTS = {
    1: "profile household guardians flags placement record status absences cases visits evidence aid transition"
    " letters plan",
    2: "report steps",
    3: "county places schools calendar rules aid_programs duty_grid",
    4: "entries",
}


class Refused(Exception):
    """What came does not hold: a signature, a chain, an encoding. Nothing of it is taken."""


# ---- encoding [3] --------------------------------------------------------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def encode(value):
    """The one encoding: arrays of definite length, integers in their shortest form."""
    return cbor2.dumps(value)


def struct(*fields):
    """The fields of a struct in the order of their numbers; absent ones at its end are left out."""
    fields = list(fields)
    while fields and fields[-1] is None:
        fields.pop()
    return fields


def fields_of(array, count):
    """As many fields as this client knows; a shorter array is read as if null stood there."""
    return (list(array) + [None] * count)[:count]


def decode(data):
    value = cbor2.loads(data)
    if cbor2.dumps(value) != data:
        raise Refused("not the one encoding")
    return value


def pack(value):
    return zstandard.ZstdCompressor().compress(encode(value))


def unpack(body):
    stream = zstandard.ZstdDecompressor().decompressobj()
    data = stream.decompress(body)
    if len(data) > ANSWER_BYTES_MAX or not stream.eof or stream.unused_data:
        raise Refused("not one zstd stream")
    return cbor2.loads(data)


# ---- signatures [3] ------------------------------------------------------------------------------------------------


def signed_text(purpose, message):
    return b"jiafang/v1/" + purpose.encode() + b"\x00" + message


def sign(key: Ed25519PrivateKey, purpose, message):
    return key.sign(signed_text(purpose, message))


def verify(public_key, purpose, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_text(purpose, message))
    except InvalidSignature:
        raise Refused(f"a signature of purpose {purpose} is wrong") from None


# ---- rights [4] ----------------------------------------------------------------------------------------------------


def rights_hash(role, scopes):
    return sha256(encode([role, scopes]))


# ---- envelopes and the log [6, 7] ----------------------------------------------------------------------------------


@dataclass
class Envelope:
    document: bytes
    kind: int
    leaves: list
    change: bytes
    counter: int
    previous: bytes
    certificate: bytes
    register_head: int
    cursor: int
    signature: bytes = b""

    def body(self):
        return struct(
            self.document, self.kind, self.leaves, self.change, self.counter, self.previous, self.certificate,
            self.register_head, self.cursor,
        )  # fmt: skip

    def encoded(self):
        return encode([self.body(), self.signature])

    def hash(self):
        return sha256(self.encoded())

    def signed_by(self, key):
        self.signature = sign(key, "envelope", encode(self.body()))
        return self

    def verify(self, public_key):
        verify(public_key, "envelope", encode(self.body()), self.signature)


def envelope_of(array):
    body, signature = array
    return Envelope(*fields_of(body, 9), signature)


def chained(chain, envelope_hash):
    return sha256(chain + envelope_hash)


def push_of(envelopes):
    """Consecutive envelopes of this device, without what the server can rebuild [10]."""
    documents, frames = [], []
    for one in envelopes:
        document = [one.document, one.kind, one.leaves]
        if document not in documents:
            documents.append(document)
        frames.append([documents.index(document), one.register_head, one.cursor])
    first = envelopes[0]
    changes, signatures = [one.change for one in envelopes], [one.signature for one in envelopes]
    return [first.counter, first.previous, documents, frames, changes, signatures]


# ---- the register [8] ----------------------------------------------------------------------------------------------


class Register:
    """Who there is, checked entry by entry."""

    def __init__(self, county_key):
        self.county_key, self.head, self.hash = county_key, 0, ZEROES
        self.people, self.keys, self.owners, self.revoked, self.county = {}, {}, {}, set(), None

    def take(self, array):
        body, signature = array
        seq, previous, _at, (kind, fact) = body
        if seq != self.head + 1 or previous != self.hash:
            raise Refused("a register entry does not follow")
        verify(self.county_key, "register", encode(body), signature)
        self.head, self.hash = seq, sha256(encode(array))
        if kind == COUNTY:
            self.county, _document, certificate, key = fields_of(fact, 4)
            self.keys[certificate] = key
        elif kind == PERSON:
            self.people[fact[0]] = fact[1]
        elif kind == CERTIFICATE:
            certificate, person, key = fields_of(fact, 3)
            self.keys[certificate], self.owners[certificate] = key, person
        elif kind == REVOKED:
            self.revoked.add(fact[0])

    def name_of(self, certificate):
        return self.people.get(self.owners.get(certificate), self.county)


# ---- the enrolment code [9] ----------------------------------------------------------------------------------------


@dataclass
class Code:
    token: bytes
    fingerprint: bytes
    host: str
    port: int


def read_code(text):
    letters = text.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
    if not letters.startswith("JF1"):
        raise Refused("no enrolment code")
    # The prefix stands for itself; the rest is base32, the bits that are left over at its end are zeroes.
    bits = "".join(f"{CROCKFORD.index(letter):05b}" for letter in letters[3:])
    whole = len(bits) // 8 * 8
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, whole, 8))
    content, check = data[:-4], data[-4:]
    if "1" in bits[whole:] or sha256(b"jiafang/v1/typed-text\x00JF1-\x00" + content)[:4] != check:
        raise Refused("the enrolment code is mistyped")
    kind, port, address = content[48], int.from_bytes(content[49:51], "big"), content[51:]
    host = address.decode() if kind == 0 else str(ipaddress.ip_address(address))
    return Code(content[:16], content[16:48], host, port)


def enrolment_request(code, key):
    public_key = key.public_key().public_bytes_raw()
    proof = sign(key, "enrol", code.token + encode(public_key))
    return [VERSION, code.token, public_key, proof]
