"""A client of the protocol that shares no line with the others: enrols, writes visits, pushes, pulls, verifies.

    client.py --data FOLDER enrol CODE
    client.py --data FOLDER sync
    client.py --data FOLDER visit DOCUMENT TEXT
    client.py --data FOLDER show

Each command prints one line of JSON. Written from docs/protocol.md; what was not in it was put into it. It keeps its
key and what it pulled unencrypted: a proof of the document and no app for people.
"""

import argparse
import hashlib
import http.client
import json
import os
import ssl
import sys
import tempfile
import time
import uuid
from pathlib import Path

import automerge_change
import cbor2
import wire
from automerge_change import MAKE_MAP, SET, Change, Operation, Time
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from wire import Envelope, Refused

ROUNDS_MAX = 100
ENVELOPE_BYTES_IN_ANSWER = 2 << 20
ENDS_THE_SENDING = ("stored", "duplicate", "quarantined", "refused")


class Connection:
    """One TLS 1.3 connection to the server with the pinned key [2]."""

    def __init__(self, code, device=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # Names, dates and authorities count for nothing: the key is compared below.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if device:
            with tempfile.NamedTemporaryFile(suffix=".pem") as file:
                file.write(device.certificate_and_key_pem())
                file.flush()
                context.load_cert_chain(file.name)
        self.http = http.client.HTTPSConnection(code.host, code.port, context=context, timeout=30)
        self.http.connect()
        certificate = x509.load_der_x509_certificate(self.http.sock.getpeercert(binary_form=True))
        key = certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        if wire.sha256(key) != code.fingerprint:
            self.http.close()
            raise Refused("another server answers: its key is not that of the enrolment code")

    def post(self, path, value):
        self.http.request("POST", path, wire.pack(value), {"Content-Type": "application/cbor+zstd"})
        answer = self.http.getresponse()
        body = answer.read()
        if answer.status != 200:
            number, detail = cbor2.loads(body)
            raise Refused(f"{answer.status} {wire.REFUSALS.get(number, number)}: {detail}")
        return wire.unpack(body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()


class Device:
    """What the device keeps. Everything that came from others is verified again when it is read."""

    def __init__(self, folder):
        self.file = Path(folder) / "device.cbor"
        self.kept = cbor2.loads(self.file.read_bytes()) if self.file.exists() else None
        if self.kept:
            self.key = Ed25519PrivateKey.from_private_bytes(self.kept["key"])
            self.code = wire.read_code(self.kept["code"])
            self.read_register()

    def keep(self):
        """Whole or not at all, and on the disk."""
        part = self.file.with_suffix(".part")
        with open(part, "wb") as file:
            file.write(cbor2.dumps(self.kept))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.file)

    def read_register(self):
        self.register = wire.Register(self.kept["county_key"])
        for entry in self.kept["register"]:
            self.register.take(entry)

    def certificate_and_key_pem(self):
        certificate = x509.load_der_x509_certificate(self.kept["certificate_der"])
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + certificate.public_bytes(serialization.Encoding.PEM)

    # ---- enrolment [9] ----

    def enrol(self, text):
        code, key = wire.read_code(text), Ed25519PrivateKey.generate()
        with Connection(code) as connection:
            answer = wire.fields_of(connection.post("/v1/enrol", wire.enrolment_request(code, key)), 10)
        certificate, der, person, name, role, scopes, county, county_key, _recovery, _time = answer
        if x509.load_der_x509_certificate(der).public_key() != key.public_key():
            raise Refused("the certificate is not for this key")
        self.kept = {
            "code": text, "key": key.private_bytes_raw(), "certificate": certificate, "certificate_der": der,
            "person": person, "role": role, "scopes": scopes, "county_key": county_key, "register": [],
            "cursor": [0, wire.ZEROES], "log": [], "own": [], "durable_seq": 0, "delivered": [],
        }  # fmt: skip
        self.key = key
        self.keep()
        return {"name": name, "county": county, "role": role}

    # ---- writing ----

    def visit(self, document, text, at_ms):
        """One visit: one change of a fresh actor, signed into the next envelope of this device [5, 6]."""
        dossier, last = self.documents()[document], self.newest_of(document)
        actor, entry = os.urandom(16), uuid7(at_ms)
        start = dossier.next_operation()
        visit = (start, actor)
        answers = {
            "startedAt": Time(at_ms), "mode": "at_home", "purpose": "routine", "childSeen": True,
            "householdSituation": text, "receivedBy": json.dumps({"relation": "grandmother", "name": ""}),
        }  # fmt: skip
        operations = [Operation(dossier.map_id("visits"), entry, MAKE_MAP)]
        operations += [Operation(visit, name, SET, answers[name]) for name in sorted(answers)]
        change = Change(actor, 1, start, at_ms // 1000, dossier.heads(), operations)
        previous = wire.envelope_of(self.kept["own"][-1]["envelope"]).hash() if self.kept["own"] else wire.ZEROES
        envelope = Envelope(
            document, 1, last.leaves, automerge_change.encode(change), len(self.kept["own"]) + 1, previous,
            self.kept["certificate"], self.register.head, self.kept["cursor"][0],
        ).signed_by(self.key)  # fmt: skip
        self.kept["own"].append({"envelope": [envelope.body(), envelope.signature], "receipt": None, "seq": 0})
        self.keep()
        return {"entry": entry, "counter": envelope.counter, "hash": envelope.hash().hex()}

    # ---- a sync [10] ----

    def sync(self):
        before, pushed = len(self.kept["log"]), []
        with Connection(self.code, self) as connection:
            for _ in range(ROUNDS_MAX):
                waiting = [one["envelope"] for one in self.kept["own"] if one["receipt"] not in ENDS_THE_SENDING]
                pushed += [one[0][4] for one in waiting]
                if not self.take(connection.post("/v1/sync", self.request(waiting))):
                    break
            else:
                raise Refused("the server has more and more to say")
        return {
            "pushed": pushed, "pulled": len(self.kept["log"]) - before, "seq": self.kept["cursor"][0],
            "receipts": [one["receipt"] for one in self.kept["own"]], "delivered": self.kept["delivered"],
            "durable_seq": self.kept["durable_seq"], "log_chain": self.chain_of_the_log(),
        }  # fmt: skip

    def request(self, waiting):
        delivered = {counter for first, last in self.kept["delivered"] for counter in range(first, last + 1)}
        undelivered = [one["envelope"][0][4] for one in self.kept["own"] if one["envelope"][0][4] not in delivered]
        return wire.struct(
            wire.VERSION, self.kept["cursor"], wire.rights_hash(self.kept["role"], self.kept["scopes"]),
            self.register.head, wire.push_of([wire.envelope_of(one) for one in waiting]) if waiting else None, [],
            min(undelivered, default=0), ENVELOPE_BYTES_IN_ANSWER, 0, self.register.hash, self.apart(),
        )  # fmt: skip

    def apart(self):
        """Asks what became of what waits apart; this client decides over nothing."""
        own = [wire.envelope_of(one["envelope"]).hash() for one in self.kept["own"]]
        asks = [own[at] for at, one in enumerate(self.kept["own"]) if one["receipt"] == "quarantined"]
        return wire.struct(wire.ZEROES, asks[:100], [], [len(own), own[-1] if own else wire.ZEROES], False)

    def take(self, answer):
        """Takes an answer in, whole or not at all. Whether to ask again."""
        (
            rewound, receipts, register, rights, envelopes, delivered, _photo_offsets, durable_seq, cursor, more,
            _time, _photos, _mark, _without_backup, _moves, apart, *_
        ) = wire.fields_of(answer, 16)  # fmt: skip
        if rewound:
            self.kept.update(cursor=cursor, register=[], log=[])
            for one in self.kept["own"]:
                one.update(receipt=None, seq=0)
            self.read_register()
            self.keep()
            return True
        for first, count, receipt, first_seq in receipts:
            for at in range(count):
                own, seq = self.kept["own"][first + at - 1], first_seq + at if first_seq else 0
                own.update(receipt=wire.RECEIPTS[receipt[0]], seq=seq)
        for entry in register:
            self.register.take(entry)
            self.kept["register"].append(entry)
        for array in envelopes:
            self.take_envelope(wire.envelope_of(array), array)
        _review, outcomes, _decided, twin = wire.fields_of(apart or [None, [], [], False], 4)
        if twin:
            raise Refused("this device was copied")
        for envelope, (fate, facts) in outcomes:
            for own in self.kept["own"]:
                if wire.envelope_of(own["envelope"]).hash() == envelope:
                    own.update(receipt=None if fate == 0 else wire.FATES[fate], seq=facts[0] if fate == 1 else 0)
        self.kept.update(durable_seq=durable_seq, cursor=cursor)
        self.kept["delivered"] += delivered
        if rights is not None:
            role, scopes = rights
            self.kept.update(role=role, scopes=scopes, cursor=[0, wire.ZEROES])
        self.keep()
        return more or rights is not None

    def take_envelope(self, envelope, array):
        """Signed by a key of the register. Of a copied device the log may hold two chains."""
        if envelope.certificate not in self.register.keys:
            raise Refused("an envelope of a device that the register does not know")
        envelope.verify(self.register.keys[envelope.certificate])
        if all(wire.envelope_of(one).hash() != envelope.hash() for one in self.kept["log"]):
            self.kept["log"].append(array)

    def chain_of_the_log(self):
        """`holds` when the whole log is here and its chain value is the cursor's [7]; `partly here` otherwise."""
        others = iter([wire.envelope_of(one).hash() for one in self.kept["log"]])
        own = {one["seq"]: wire.envelope_of(one["envelope"]).hash() for one in self.kept["own"] if one["seq"]}
        seq, value = self.kept["cursor"]
        if len(self.kept["log"]) + len(own) != seq:
            return "partly here"
        chain = wire.ZEROES
        for number in range(1, seq + 1):
            chain = wire.chained(chain, own.get(number) or next(others))
        if chain != value:
            raise Refused("the log's chain is another")
        return "holds"

    # ---- reading ----

    def envelopes(self):
        arrays = self.kept["log"] + [one["envelope"] for one in self.kept["own"]]
        return [wire.envelope_of(array) for array in arrays]

    def newest_of(self, document):
        return [one for one in self.envelopes() if one.document == document][-1]

    def documents(self):
        """Each document, folded from its genesis and the changes that came."""
        documents = {}
        for one in self.envelopes():
            if one.document not in documents:
                genesis = automerge_change.genesis(wire.ROOTS[one.kind].split())
                documents[one.document] = automerge_change.Document(genesis)
            documents[one.document].apply(automerge_change.decode(one.change))
        return documents

    def villages(self):
        """What is recorded of each village, in the order of the entries' keys; its document's id is made from its code."""
        told = {}
        leaves = {one.document: one.leaves for one in self.envelopes() if one.kind == 4}
        documents = self.documents() if leaves else {}
        for document, places in leaves.items():
            village, klass = wire.fields_of(places, 2)
            named = hashlib.sha256(b"jiafang place 1 " + village.encode()).digest()[:16]
            if klass is not None or named != document:
                raise Refused("a village's document under another id")
            entries = documents[document].read()["entries"]
            told[village] = [json.loads(entries[key]["form"]) for key in sorted(entries)]
        return told

    def show(self):
        """Every dossier, and whose signature stands under each visit."""
        kinds = {one.document: one.kind for one in self.envelopes()}
        authors = {automerge_change.decode(one.change).actor: one.certificate for one in self.envelopes()}
        dossiers = {}
        for document, content in self.documents().items():
            if kinds[document] != 1:
                continue
            standing = content.standing.get(content.map_id("visits"), {})
            by = {key: self.register.name_of(authors[max(values)[1]]) for key, values in standing.items() if values}
            dossiers[str(uuid.UUID(bytes=document))] = {"content": content.read(), "visits_by": by}
        return dossiers


def uuid7(at_ms):
    """The milliseconds since 1970, then chance."""
    chance = int.from_bytes(os.urandom(10), "big")
    number = at_ms << 80 | chance
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return str(uuid.UUID(int=number))


def plain(value):
    return value.unix_ms if isinstance(value, Time) else value.hex()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("enrol").add_argument("code")
    commands.add_parser("sync")
    visit = commands.add_parser("visit")
    visit.add_argument("document", type=uuid.UUID)
    visit.add_argument("text")
    visit.add_argument("--at-ms", type=int, default=int(time.time() * 1000))
    commands.add_parser("show")
    commands.add_parser("villages")
    arguments = parser.parse_args()
    device = Device(arguments.data)
    if arguments.command == "enrol":
        told = device.enrol(arguments.code)
    elif arguments.command == "sync":
        told = device.sync()
    elif arguments.command == "visit":
        told = device.visit(arguments.document.bytes, arguments.text, arguments.at_ms)
    elif arguments.command == "villages":
        told = device.villages()
    else:
        told = device.show()
    print(json.dumps(told, ensure_ascii=False, default=plain))


if __name__ == "__main__":
    try:
        main()
    except (Refused, automerge_change.Damaged) as refused:
        sys.exit(f"refused: {refused}")
