package dev.weft.api;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import java.time.Instant;

/** A wire as the API shows it: {@link WireStatus} without the nesting. */
record WireView(
    @JsonUnwrapped WireSpec spec,
    WireState state,
    String reason,
    Instant since,
    WireStatus.Traffic sent,
    WireStatus.Traffic received) {

  static WireView of(WireStatus wire) {
    return new WireView(
        wire.spec().withMtu(wire.mtu()),
        wire.state(),
        wire.reason(),
        wire.since(),
        wire.sent(),
        wire.received());
  }
}
