package dev.weft.mesh;

import dev.weft.mesh.route.ForwardingTable;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.atomic.LongAdder;

/**
 * Decides about each frame that a link brings or this node sends: up to this node, on to the next
 * one, or away. A frame's payload begins with its hop limit. Any link's loop may call.
 */
final class MeshSwitch {
  /** The hop limit of a new frame; it makes a loop in the routes harmless. */
  static final int HOP_LIMIT = 32;

  /** What this node itself does with frames. */
  interface Local {
    /**
     * A payload for this node, behind its hop limit.
     *
     * @param payload borrowed
     */
    void arrived(long source, ByteBuf payload);

    /**
     * A frame of another node used up its hop limit here.
     *
     * @param payload behind its hop limit, borrowed
     */
    void expired(long source, ByteBuf payload);
  }

  private final long self;
  private final boolean relay;
  private final RelayRate rate;
  private final Local local;
  private final MeshDrops drops;
  private final LongAdder forwardedFrames = new LongAdder();
  private final LongAdder forwardedBytes = new LongAdder();
  private volatile ForwardingTable<LinkRunner> table;

  MeshSwitch(
      long self,
      boolean relay,
      RelayRate rate,
      Local local,
      MeshDrops drops,
      ForwardingTable<LinkRunner> table) {
    this.self = self;
    this.relay = relay;
    this.rate = rate;
    this.local = local;
    this.drops = drops;
    this.table = table;
  }

  boolean reaches(long destination) {
    return table.linkTo(destination) != null;
  }

  /** How many other nodes can be reached. */
  int destinations() {
    return table.size();
  }

  LongAdder forwardedFrames() {
    return forwardedFrames;
  }

  LongAdder forwardedBytes() {
    return forwardedBytes;
  }

  void use(ForwardingTable<LinkRunner> next) {
    table = next;
  }

  /**
   * A message frame that a link brought, on the link's loop.
   *
   * @param payload borrowed
   */
  void arrived(LinkRunner from, long source, long destination, ByteBuf payload, long now) {
    if (!payload.isReadable()) {
      drops.add(MeshDrops.Reason.MALFORMED);
    } else if (source == self) {
      drops.add(MeshDrops.Reason.LOOP);
    } else if (destination == self) {
      local.arrived(source, payload.skipBytes(1));
    } else {
      forward(from, source, destination, payload, now);
    }
  }

  private void forward(LinkRunner from, long source, long destination, ByteBuf payload, long now) {
    if (!relay) {
      drops.add(MeshDrops.Reason.NO_RELAY);
      return;
    }
    int hopLimit = payload.getUnsignedByte(payload.readerIndex());
    if (hopLimit <= 1) {
      drops.add(MeshDrops.Reason.HOP_LIMIT);
      local.expired(source, payload.skipBytes(1));
      return;
    }
    LinkRunner to = table.linkTo(destination);
    if (to == null) {
      drops.add(MeshDrops.Reason.NO_ROUTE);
    } else if (to == from || to.peer() == from.peer()) {
      // The peer believes that this node is nearer: its route is older than ours.
      drops.add(MeshDrops.Reason.LOOP);
    } else if (!rate.admits(payload.readableBytes(), now)) {
      drops.add(MeshDrops.Reason.RELAY_RATE);
    } else {
      payload.setByte(payload.readerIndex(), Math.min(hopLimit, HOP_LIMIT) - 1);
      forwardedFrames.increment();
      forwardedBytes.add(payload.readableBytes());
      to.forward(source, destination, payload.retain(), now);
    }
  }

  /**
   * Sends a payload of this node.
   *
   * @param payload with its hop limit; the switch takes the reference
   * @return whether there is a route
   */
  boolean send(long destination, ByteBuf payload, long now) {
    LinkRunner to = table.linkTo(destination);
    if (to == null) {
      drops.add(MeshDrops.Reason.NO_ROUTE);
      payload.release();
      return false;
    }
    to.forward(self, destination, payload, now);
    return true;
  }
}
