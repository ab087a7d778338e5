-- Looking at all envelopes of a dossier, and at the form of an envelope: for the comparison with the server, and when a
-- dossier is erased.

CREATE INDEX envelope_by_document ON envelope (document);
CREATE INDEX outbox_by_envelope ON outbox (envelope);
