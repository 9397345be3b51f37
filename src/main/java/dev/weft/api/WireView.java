package dev.weft.api;

import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import java.time.Instant;

/** A wire as the API shows it: {@link WireStatus} without the nesting. */
record WireView(
    String id,
    String ns,
    long uid,
    WireKind kind,
    int mtu,
    WireSpec.End local,
    WireSpec.End peer,
    WireState state,
    String reason,
    Instant since,
    WireStatus.Traffic sent,
    WireStatus.Traffic received) {

  static WireView of(WireStatus status) {
    WireSpec spec = status.spec();
    return new WireView(
        spec.id(),
        spec.ns(),
        spec.uid(),
        spec.kind(),
        spec.mtu(),
        spec.local(),
        spec.peer(),
        status.state(),
        status.reason(),
        status.since(),
        status.sent(),
        status.received());
  }
}
