package dev.weft.wire.meshnet;

import dev.weft.wire.control.Wire;

/** A wire end in the data path: what was asked for, and the wire that carries its frames. */
record MeshnetEnd(EndIntent intent, Wire wire) {
  EndKey key() {
    return intent.key();
  }

  /** Whether its node end has that index. */
  boolean isOn(int ifindex) {
    return wire.end().filter(end -> end.wireEnd().ifindex() == ifindex).isPresent();
  }
}
