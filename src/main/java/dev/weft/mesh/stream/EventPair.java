package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectKind;

/** One end of a pair that carries signals only. */
public final class EventPair extends MeshObject {
  /** Both ends of a new pair. */
  public record Ends(EventPair one, EventPair other) {}

  EventPair(End end) {
    super(end);
  }

  public static Ends pair() {
    End one = End.pair(ObjectKind.EVENT_PAIR);
    return new Ends(new EventPair(one), new EventPair(one.partner));
  }

  @Override
  void deliver(Flow from) {
    for (ChannelMessage m = from.poll(); m != null; m = from.poll()) {
      m.discard();
    }
  }

  @Override
  void writable() {}
}
