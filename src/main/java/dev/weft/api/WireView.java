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
    WireSpec asked = wire.spec();
    WireSpec shown =
        new WireSpec(
            asked.id(),
            asked.ns(),
            asked.uid(),
            asked.kind(),
            wire.mtu(),
            asked.local(),
            asked.peer());
    return new WireView(
        shown, wire.state(), wire.reason(), wire.since(), wire.sent(), wire.received());
  }
}
