package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import java.util.function.IntConsumer;

/**
 * One end of a pair of ends, in a program's hands. The other end is in this node, or in any other,
 * and either may move while it is used. Sending an object away takes it: every call afterwards
 * fails with PRECONDITION. Whoever has an end closes it.
 *
 * <p>All calls are made, and all handlers called, on the mesh's loop. A handler may be called
 * before the call that causes it returns.
 */
public abstract sealed class MeshObject permits MeshStream, EventPair {
  /** All signals. */
  public static final int SIGNALS = 255;

  private End end;
  private boolean closed;
  private boolean peerClosed;
  private Handler<String> onPeerClosed;
  private IntConsumer onSignals;

  /** As last told. */
  private int signals;

  MeshObject(End end) {
    this.end = end;
    signals = end.in.signals();
    end.in.listen(new Arrivals());
    end.out.onWritable(this::writable);
  }

  /** The object of an end. */
  static MeshObject of(End end) {
    return switch (end.kind) {
      case CHANNEL -> new MeshChannel(end);
      case STREAM_SOCKET, DATAGRAM_SOCKET -> new MeshSocket(end);
      case EVENT_PAIR -> new EventPair(end);
      case UNRECOGNIZED -> throw new IllegalArgumentException("kind: unrecognized");
    };
  }

  /** Takes the end out of the program's hands. */
  End take() {
    End taken = here();
    if (closed) {
      throw Fault.PRECONDITION.because("object: closed");
    }
    end = null;
    taken.in.readByNobody();
    taken.out.onWritable(() -> {});
    return taken;
  }

  /** The same end as a new object; this one is given away. */
  final MeshObject moved() {
    return of(take());
  }

  final End here() {
    if (end == null) {
      throw Fault.PRECONDITION.because("object: given away");
    }
    return end;
  }

  public final ObjectKind kind() {
    return here().kind;
  }

  /**
   * Closes this end. The other end reads what was written, and then sees that its peer is closed.
   */
  public final void close() {
    close("");
  }

  /**
   * Closes this end because something went wrong.
   *
   * @param reason what the other end is told
   */
  public final void close(String reason) {
    if (!closed && end != null) {
      closed = true;
      end.close(reason);
    }
  }

  final boolean closed() {
    return closed || end == null;
  }

  /** Whether the other end is closed and all that it wrote has been read. */
  public final boolean peerClosed() {
    return peerClosed;
  }

  /**
   * Is told once, when the other end is closed or lost and all that it wrote has been read: why, or
   * an empty text if it was simply closed.
   */
  public final void onPeerClosed(Handler<String> handler) {
    onPeerClosed = handler;
    if (peerClosed) {
      tellPeerClosed();
    } else if (!closed()) {
      look();
    }
  }

  private void tellPeerClosed() {
    Handler<String> told = onPeerClosed;
    onPeerClosed = null;
    String reason = end == null ? null : end.in.closeReason();
    Intake.tell(told, reason == null ? "" : reason);
  }

  /** Nothing is left to read or to write: closes this end, as if the other end had closed first. */
  final void finish() {
    close();
    if (!peerClosed) {
      peerClosed = true;
      tellPeerClosed();
    }
  }

  /**
   * Sets and clears signals of the other end.
   *
   * @param set bits, 0..255
   * @param clear bits, 0..255
   * @throws WeftException INVALID for other bits
   */
  public final void signal(int set, int clear) {
    if (((set | clear) & ~SIGNALS) != 0) {
      throw Fault.invalid("signals", set + ", " + clear, "0..255");
    }
    if (!closed()) {
      end.out.signal(set, clear);
    }
  }

  /** The signals that the other end has set, 0..255. */
  public final int signals() {
    return here().in.signals();
  }

  /** Is told the signals whenever they have changed. */
  public final void onSignals(IntConsumer handler) {
    onSignals = handler;
  }

  /** Writes a message. */
  final Future<Void> send(ChannelMessage message) {
    if (closed()) {
      message.discard();
      return Future.failedFuture(
          Fault.PRECONDITION.because(closed ? "object: closed" : "object: given away"));
    }
    RuntimeException refused = end.out.write(message);
    if (refused != null) {
      message.discard();
      return Future.failedFuture(refused);
    }
    return Future.succeededFuture();
  }

  final boolean full() {
    return end != null && end.out.full();
  }

  /** Looks whether there is something to read. */
  final void look() {
    if (closed()) {
      return;
    }
    deliver(end.in);
    if (!closed() && !peerClosed && end.in.atClose()) {
      peerClosed = true;
      tellPeerClosed();
    }
  }

  abstract void deliver(Flow from);

  /** The queue of what is written has room again, or the other end is gone. */
  abstract void writable();

  /** What the queue of what is read tells. */
  private final class Arrivals implements Flow.Reader {
    @Override
    public void onReadable() {
      look();
    }

    @Override
    public void onSignals() {
      int now = end.in.signals();
      if (now != signals) {
        signals = now;
        if (onSignals != null) {
          onSignals.accept(now);
        }
      }
    }
  }
}
