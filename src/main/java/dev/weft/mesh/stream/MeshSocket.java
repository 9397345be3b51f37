package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/**
 * One end of a socket. A stream socket carries bytes, of which the borders of writes mean nothing;
 * a datagram socket carries datagrams whole, in order and reliably. {@link #end} ends what this end
 * writes, the other direction goes on; a stream socket of which both directions have ended is
 * closed by itself.
 */
public final class MeshSocket extends MeshStream<Buffer> {
  /** Both ends of a new socket. */
  public record Ends(MeshSocket one, MeshSocket other) {}

  /** The longest datagram, bytes. */
  public static final int MAX_DATAGRAM = ChannelMessage.MAX_BYTES;

  MeshSocket(End end) {
    super(end, ChannelMessage::bytes);
  }

  /** A new stream socket. */
  public static Ends streams() {
    return pair(ObjectKind.STREAM_SOCKET);
  }

  /** A new datagram socket. */
  public static Ends datagrams() {
    return pair(ObjectKind.DATAGRAM_SOCKET);
  }

  private static Ends pair(ObjectKind kind) {
    End one = End.pair(kind);
    return new Ends(new MeshSocket(one), new MeshSocket(one.partner));
  }

  /**
   * Writes bytes, or a datagram. The buffer must not be changed afterwards.
   *
   * @return completed; fails with PRECONDITION if this end is closed or has ended, INVALID for too
   *     long a datagram, UNAVAILABLE if the other end is closed, EXHAUSTED if too much waits for it
   */
  @Override
  public Future<Void> write(Buffer bytes) {
    int length = bytes.length();
    if (length <= MAX_DATAGRAM) {
      return length == 0 && !isDatagram() && !closed()
          ? Future.succeededFuture()
          : send(ChannelMessage.of(bytes));
    }
    if (isDatagram()) {
      return Future.failedFuture(
          Fault.invalid("datagram", length + " bytes", "at most " + MAX_DATAGRAM));
    }
    for (int at = 0; at < length; at += MAX_DATAGRAM) {
      Buffer part = bytes.slice(at, Math.min(length, at + MAX_DATAGRAM));
      Future<Void> sent = send(ChannelMessage.of(part));
      if (sent.failed()) {
        return sent;
      }
    }
    return Future.succeededFuture();
  }

  private boolean isDatagram() {
    return !closed() && kind() == ObjectKind.DATAGRAM_SOCKET;
  }

  /** Writes no more; what the other end writes is still read. */
  @Override
  public Future<Void> end() {
    if (!closed()) {
      here().out.end();
      closeWhenBothEnded();
    }
    return Future.succeededFuture();
  }

  private void closeWhenBothEnded() {
    if (!closed()
        && kind() == ObjectKind.STREAM_SOCKET
        && readToTheEnd()
        && here().out.hasEnded()) {
      finish();
    }
  }

  @Override
  void deliver(Flow from) {
    super.deliver(from);
    closeWhenBothEnded();
  }
}
