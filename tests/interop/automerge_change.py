"""Reads and writes Automerge changes: one chunk of type 1 (or 2, deflated) of the published binary format.

Written from https://automerge.org/automerge-binary-format-spec/ and docs/protocol.md, sections 5 and 6. Only what a
dossier holds: maps, and scalar values in them. An operation's id is (counter, actor); of several values that stand at one
key, the greatest id is shown.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass, field

MAGIC = bytes.fromhex("856f4a83")
MAKE_MAP, SET, DELETE = 0, 1, 3
ROOT = None

# Columns of a change: 16 * id + type.
OBJECT_ACTOR, OBJECT_COUNTER, KEY_TEXT, INSERT, ACTION = 0x01, 0x02, 0x15, 0x34, 0x42
VALUE_META, VALUE, PRED_COUNT, PRED_ACTOR, PRED_COUNTER = 0x56, 0x57, 0x70, 0x71, 0x73


class Damaged(Exception):
    """Bytes that are no change, or one that this reader does not know."""


@dataclass(frozen=True)
class Time:
    """A timestamp value: milliseconds since 1970."""

    unix_ms: int


@dataclass
class Operation:
    """What one operation does: in `object`, at `key`, instead of the operations `replaces`."""

    object: tuple | None
    key: str | None
    action: int
    value: object = None
    replaces: list = field(default_factory=list)


@dataclass
class Change:
    """A change; the id of its n-th operation is (start + n, actor)."""

    actor: bytes
    seq: int
    start: int
    time_seconds: int
    deps: list
    operations: list
    hash: bytes = b""


# ---- numbers -------------------------------------------------------------------------------------------------------


def unsigned(number):
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def signed(number):
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        done = (number == 0 and not byte & 0x40) or (number == -1 and byte & 0x40)
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Damaged("the bytes end too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def ended(self):
        return self.at == len(self.data)

    def unsigned(self):
        number = shift = 0
        while True:
            (byte,) = self.take(1)
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return number
            if shift > 63:
                raise Damaged("a number is too long")

    def signed(self):
        start = self.at
        number = self.unsigned()
        bits = 7 * (self.at - start)
        return number - (1 << bits) if number >> (bits - 1) & 1 else number

    def text(self):
        return self.take(self.unsigned()).decode()


# ---- columns -------------------------------------------------------------------------------------------------------


def runs(values, write):
    """Run-length encoding: a count and one value; minus a count and so many values; 0 and a count of nulls."""
    out, at = bytearray(), 0
    while at < len(values):
        end = at
        while end < len(values) and values[end] == values[at]:
            end += 1
        if values[at] is None:
            out += signed(0) + unsigned(end - at)
        elif end - at > 1:
            out += signed(end - at) + write(values[at])
        else:
            # Single values stand together as one literal run, up to a null or the next two that are equal.
            while end < len(values) and values[end] is not None and values[end : end + 1] != values[end + 1 : end + 2]:
                end += 1
            out += signed(at - end) + b"".join(write(value) for value in values[at:end])
        at = end
    return bytes(out)


def read_runs(data, read, limit=200_000):
    reader, values = Reader(data), []
    while not reader.ended():
        count = reader.signed()
        amount = reader.unsigned() if count == 0 else abs(count)
        if len(values) + amount > limit:
            raise Damaged("more operations than a change may have")
        if count > 0:
            values += [read(reader)] * count
        elif count < 0:
            values += [read(reader) for _ in range(-count)]
        else:
            values += [None] * amount
    return values


def deltas(values):
    last, out = 0, []
    for value in values:
        out.append(value - last)
        last = value
    return out


def undelta(values):
    last, out = 0, []
    for value in values:
        last += value
        out.append(last)
    return out


def write_text(text):
    data = text.encode()
    return unsigned(len(data)) + data


def write_value(value):
    """The low four bits say the type, the others how many bytes follow in the column of values."""
    if value is None:
        kind, data = 0, b""
    elif isinstance(value, bool):
        kind, data = (2 if value else 1), b""
    elif isinstance(value, int):
        kind, data = 4, signed(value)
    elif isinstance(value, str):
        kind, data = 6, value.encode()
    elif isinstance(value, bytes):
        kind, data = 7, value
    elif isinstance(value, Time):
        kind, data = 9, signed(value.unix_ms)
    else:
        raise TypeError(value)
    return len(data) << 4 | kind, data


def read_value(meta, reader):
    kind, data = meta & 15, Reader(reader.take(meta >> 4))
    if kind == 0:
        return None
    if kind in (1, 2):
        return kind == 2
    if kind == 3:
        return data.unsigned()
    if kind == 4:
        return data.signed()
    if kind == 5:
        return struct.unpack("<d", data.data)[0]
    if kind == 6:
        return data.data.decode()
    if kind == 9:
        return Time(data.signed())
    return data.data


# ---- changes -------------------------------------------------------------------------------------------------------


def encode(change):
    """The chunk; sets the change's hash."""
    operations = change.operations
    named = {one.object[1] for one in operations if one.object} | {p[1] for one in operations for p in one.replaces}
    others = sorted(named - {change.actor})
    index = {actor: number for number, actor in enumerate([change.actor, *others])}
    replaced = [sorted(one.replaces) for one in operations]
    values = [write_value(one.value) for one in operations]
    columns = [
        (OBJECT_ACTOR, runs([one.object and index[one.object[1]] for one in operations], unsigned)),
        (OBJECT_COUNTER, runs([one.object and one.object[0] for one in operations], unsigned)),
        (KEY_TEXT, runs([one.key for one in operations], write_text)),
        (INSERT, unsigned(len(operations))),
        (ACTION, runs([one.action for one in operations], unsigned)),
        (VALUE_META, runs([meta for meta, _ in values], unsigned)),
        (VALUE, b"".join(data for _, data in values)),
        (PRED_COUNT, runs([len(ids) for ids in replaced], unsigned)),
        (PRED_ACTOR, runs([index[actor] for ids in replaced for _, actor in ids], unsigned)),
        (PRED_COUNTER, runs(deltas([counter for ids in replaced for counter, _ in ids]), signed)),
    ]
    if not any(one.object for one in operations):
        columns = columns[2:]
    columns = [(spec, data) for spec, data in columns if data]
    body = unsigned(len(change.deps)) + b"".join(sorted(change.deps))
    body += unsigned(len(change.actor)) + change.actor
    body += unsigned(change.seq) + unsigned(change.start) + signed(change.time_seconds) + unsigned(0)
    body += unsigned(len(others)) + b"".join(unsigned(len(actor)) + actor for actor in others)
    body += unsigned(len(columns)) + b"".join(unsigned(spec) + unsigned(len(data)) for spec, data in columns)
    body += b"".join(data for _, data in columns)
    hashed = b"\x01" + unsigned(len(body)) + body
    change.hash = hashlib.sha256(hashed).digest()
    return MAGIC + change.hash[:4] + hashed


def decode(chunk):
    """The change of a chunk, its checksum compared."""
    reader = Reader(chunk)
    if reader.take(4) != MAGIC:
        raise Damaged("no chunk")
    checksum, kind = reader.take(4), reader.take(1)
    body = reader.take(reader.unsigned())
    if not reader.ended() or kind not in (b"\x01", b"\x02"):
        raise Damaged("not one whole change")
    if kind == b"\x02":
        inflate = zlib.decompressobj(-15)
        body = inflate.decompress(body, 1 << 20)
        if not inflate.eof:
            raise Damaged("larger than a change may be")
    digest = hashlib.sha256(b"\x01" + unsigned(len(body)) + body).digest()
    if digest[:4] != checksum:
        raise Damaged("the checksum is wrong")
    return decode_body(Reader(body), digest)


def decode_body(reader, digest):
    deps = [reader.take(32) for _ in range(reader.unsigned())]
    actor = reader.take(reader.unsigned())
    seq, start, time_seconds = reader.unsigned(), reader.unsigned(), reader.signed()
    reader.text()
    actors = [actor] + [reader.take(reader.unsigned()) for _ in range(reader.unsigned())]
    specs = [(reader.unsigned(), reader.unsigned()) for _ in range(reader.unsigned())]
    columns = {spec: reader.take(length) for spec, length in specs}

    def column(spec, read):
        return read_runs(columns.get(spec, b""), read)

    actions = column(ACTION, Reader.unsigned)
    count = len(actions)

    def padded(values):
        return values if values else [None] * count

    object_actors = padded(column(OBJECT_ACTOR, Reader.unsigned))
    object_counters = padded(column(OBJECT_COUNTER, Reader.unsigned))
    keys = padded(column(KEY_TEXT, Reader.text))
    metas = column(VALUE_META, Reader.unsigned) or [0] * count
    counts = column(PRED_COUNT, Reader.unsigned) or [0] * count
    if not len(object_actors) == len(object_counters) == len(keys) == len(metas) == len(counts) == count:
        raise Damaged("columns of different lengths")
    values = Reader(columns.get(VALUE, b""))
    replaced = list(zip(undelta(column(PRED_COUNTER, Reader.signed)), column(PRED_ACTOR, Reader.unsigned)))
    operations = []
    for at in range(count):
        where = None if object_actors[at] is None else (object_counters[at], actors[object_actors[at]])
        mine, replaced = replaced[: counts[at]], replaced[counts[at] :]
        ids = [(counter, actors[number]) for counter, number in mine]
        operations.append(Operation(where, keys[at], actions[at], read_value(metas[at], values), ids))
    return Change(actor, seq, start, time_seconds, deps, operations, digest)


class Document:
    """A document of maps: the operations of its changes, and what stands."""

    def __init__(self, genesis):
        self.changes, self.waiting, self.standing = {}, [], {}
        self.apply(genesis)

    def apply(self, change):
        """Takes a change in; one that builds on what is not there waits. Whether everything is there now."""
        self.waiting.append(change)
        while ready := [one for one in self.waiting if all(dep in self.changes for dep in one.deps)]:
            for one in ready:
                self.waiting.remove(one)
                if one.hash not in self.changes:
                    self.take(one)
        return not self.waiting

    def take(self, change):
        self.changes[change.hash] = change
        for number, operation in enumerate(change.operations):
            at = self.standing.setdefault(operation.object, {}).setdefault(operation.key, {})
            for gone in operation.replaces:
                at.pop(gone, None)
            if operation.action in (MAKE_MAP, SET):
                at[(change.start + number, change.actor)] = operation

    def heads(self):
        built_on = {dep for change in self.changes.values() for dep in change.deps}
        return sorted(set(self.changes) - built_on)

    def next_operation(self):
        return max(change.start + len(change.operations) for change in self.changes.values())

    def map_id(self, name):
        """The id of a root map."""
        return max(at for at, operation in self.standing[ROOT][name].items() if operation.action == MAKE_MAP)

    def read(self, object_id=ROOT):
        """Plain dicts: of each key, the value that is shown."""
        plain = {}
        for key, values in self.standing.get(object_id, {}).items():
            if values:
                at = max(values)
                shown = values[at]
                plain[key] = self.read(at) if shown.action == MAKE_MAP else shown.value
        return plain


def genesis(roots):
    """The change that every document of a kind begins with; it never travels."""
    change = Change(b"jiafang-genesis1", 1, 1, 0, [], [Operation(ROOT, name, MAKE_MAP) for name in roots])
    encode(change)
    return change
