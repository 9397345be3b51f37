package dev.weft.wire.control;

import dev.weft.bus.Fault;
import dev.weft.room.RoomContext;
import dev.weft.room.RoomThread;
import dev.weft.wire.kernel.KernelEnds;
import dev.weft.wire.path.DataPath;
import dev.weft.wire.path.PacketWriter;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What all wires of a node share.
 *
 * @param takes which unfinished frames pods' interfaces here take
 * @param lacking capabilities that wires need and this process does not have
 */
public record WireRoom(
    RoomContext context,
    Vertx vertx,
    RoomThread thread,
    DataPath path,
    KernelEnds kernel,
    RandomGenerator random,
    PacketWriter.Peer takes,
    List<String> lacking) {
  private static final long ID_MASK = (1L << 62) - 1;

  /** A new interface id: positive, and random so that a peer cannot guess another peer's. */
  public long interfaceId() {
    return (random.nextLong() & ID_MASK) | 1;
  }

  /** PRECONDITION names the capabilities that this node lacks for wires. */
  public void needCapabilities() {
    if (!lacking.isEmpty()) {
      throw Fault.PRECONDITION.because("this node lacks " + String.join(", ", lacking));
    }
  }
}
