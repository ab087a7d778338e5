"""The examples of docs/protocol.md, taken from the document and read, checked and made again by this client."""

import dataclasses
import hashlib
import io
import re
import sys
from pathlib import Path

import automerge_change
import cbor2
import wire
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def hex_blocks(text):
    """The blocks that are nothing but hex digits, in order."""
    blocks = re.findall(r"```text\n([0-9a-f\n]+)```", text)
    return [bytes.fromhex(block.replace("\n", "")) for block in blocks]


def envelope_with(envelope, **fields):
    return dataclasses.replace(envelope, **fields)


def is_refused(check, *arguments):
    try:
        check(*arguments)
    except (wire.Refused, automerge_change.Damaged):
        return
    raise AssertionError(f"{check} takes {arguments}")


def main(path):
    (
        public_key, refusal, rights, rights_hash, village_only, class_only, change, body, signature, envelope_hash, chain,
        person, enrol, request, idle, answer, apart_asked, apart_told, wait_asked, wait_told,
        photo_words, pack_head, pack_name, buckets_asked, changes_asked, changes_told,
    ) = hex_blocks(text := Path(path).read_text())  # fmt: skip
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    assert key.public_key().public_bytes_raw() == public_key
    assert wire.decode(refusal) == [4, "the token was used"] and wire.REFUSALS[4] == "TokenUsed"

    role, scopes = wire.decode(rights)
    assert wire.rights_hash(role, scopes) == rights_hash
    leaves = wire.decode(body)[2]
    assert wire.encode(wire.struct(leaves[0], None)) == village_only
    assert wire.encode(wire.struct(None, leaves[1])) == class_only

    read = automerge_change.decode(change)
    assert read.deps == [automerge_change.genesis(wire.ROOTS[1].split()).hash]
    assert automerge_change.encode(read) == change
    envelope = wire.envelope_of([wire.decode(body), signature])
    envelope.verify(public_key)
    assert wire.encode(envelope.body()) == body and envelope.change == change
    assert envelope.hash() == envelope_hash and wire.chained(wire.ZEROES, envelope_hash) == chain
    assert envelope.signed_by(key).hash() == envelope_hash

    entry = wire.decode(person)
    wire.verify(public_key, "register", wire.encode(entry[0]), entry[1])
    token = b"\x70" * 16
    assert wire.encode(wire.enrolment_request(wire.Code(token, b"", "", 0), key)) == enrol

    asked = wire.decode(request)
    assert asked[4] == wire.push_of([envelope]) and asked[2] == rights_hash
    assert wire.decode(idle)[4] is None
    code = wire.read_code(re.search(r"^JF1-[-0-9A-Z]+$", text, re.MULTILINE)[0])
    assert code == wire.Code(token, b"\xf1" * 32, "127.0.0.1", 8443)
    told = wire.decode(answer)
    assert told[8][1] == chain
    _review, asks, ((decision, decision_signature),), own_head, twin_known = wire.decode(apart_asked)
    wire.verify(public_key, "decision", wire.encode(decision), decision_signature)
    assert decision[1] == wire.ACCEPT and own_head[0] == 1 and twin_known is False
    review, ((told_of, (fate, (by, _at, note))),), decided, twin = wire.decode(apart_told)
    assert review is None and told_of == asks[0] and wire.FATES[fate] == "refused" and (by, note) == ("王老师", "重复")
    assert decided == [decision[0]] and twin is False

    assert wire.decode(wait_asked)[:2] == wire.decode(request)[:2]
    assert wire.decode(wait_told)[0] is True
    said = io.BytesIO(photo_words)
    words = [cbor2.load(said) for _ in range(3)]
    assert said.read() == b"" and words[:2] == [[0, [2048, False]], [0, [3000, True, 17]]]
    assert words[2][0] == 1 and wire.REFUSALS[words[2][1][0][0]] == "HashWrong"

    head, head_signature = wire.decode(pack_head)
    wire.verify(public_key, "pack", wire.encode(head), head_signature)
    assert hashlib.sha256(pack_head).digest() == pack_name

    version, _cursor, _rights, (buckets, (root, first)) = wire.decode(buckets_asked)
    assert (version, buckets, len(root), first) == (1, 0, 32, 0)
    kind, ((held,),) = wire.decode(changes_asked)[3]
    assert kind == 2 and held[1] == sorted(held[1])
    kind, ((differs,),) = wire.decode(changes_told)
    document, places, envelopes, more, lacking = differs
    assert (kind, document, places, envelopes, more) == (4, held[0], leaves, [], False) and lacking == held[1][:1]

    # What does not hold is refused: this client trusts no server.
    is_refused(envelope_with(envelope, change=change + b"\x00").verify, public_key)
    is_refused(envelope_with(envelope, counter=2).verify, public_key)
    is_refused(wire.verify, public_key, "envelope", wire.encode(entry[0]), entry[1])
    is_refused(wire.Register(public_key).take, entry)
    is_refused(wire.decode, b"\x18\x01")
    is_refused(automerge_change.decode, change[:-1] + b"\x01")
    print("every example of docs/protocol.md holds")


if __name__ == "__main__":
    main(sys.argv[1])
