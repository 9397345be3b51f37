package dev.weft.bench;

import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.mesh.stream.Proxies;
import dev.weft.mesh.stream.StreamConnection;
import dev.weft.mesh.stream.StreamPeers;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What a proxied stream socket costs by itself: two nodes in one thread, whose streams hand over
 * buffers. Everything below, QUIC above all, comes on top.
 */
class ProxiedSocketBench {
  private static final long BYTES = 2L << 30;

  @Test
  void shouldPrintThroughputOfASocket() {
    System.out.println("Proxied stream socket, one thread, streams in memory:");
    System.out.println("piece     MB/s");
    for (int piece : new int[] {1_024, 16_384, 65_536}) {
      run(piece, BYTES / 16);
      System.out.printf(Locale.ROOT, "%-8d %6.0f%n", piece, run(piece, BYTES));
    }
  }

  private static double run(int piece, long bytes) {
    Connection one = new Connection(1, true);
    Connection other = new Connection(0, false);
    one.other = other;
    other.other = one;
    MeshSocket.Ends ends = MeshSocket.streams();
    long stream = proxies(0).open(ends.other(), one);
    MeshSocket there = (MeshSocket) proxies(1).receive(ObjectKind.STREAM_SOCKET, stream, other);
    long[] read = {0};
    there.handler(b -> read[0] += b.length());
    Buffer buffer = Buffer.buffer(new byte[piece]);
    long begun = System.nanoTime();
    for (long sent = 0; sent < bytes; sent += piece) {
      Future<Void> written = ends.one().write(buffer);
      if (written.failed()) {
        throw new AssertionError(written.cause());
      }
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    if (read[0] < bytes) {
      throw new AssertionError(read[0] + " bytes arrived (expected: " + bytes + ")");
    }
    return bytes / seconds / 1e6;
  }

  private static Proxies proxies(long self) {
    return new Proxies(new Alone(self), (millis, task) -> () -> {}, new SecureRandom());
  }

  private record Alone(long self) implements StreamPeers {
    @Override
    public Future<PeerStream> openTransfer(long node, byte[] key) {
      return Future.failedFuture("nobody else");
    }
  }

  private static final class Connection implements StreamConnection {
    private final long node;
    private final boolean dialled;
    private final Map<Long, Direct> streams = new HashMap<>();
    private Connection other;

    Connection(long node, boolean dialled) {
      this.node = node;
      this.dialled = dialled;
    }

    @Override
    public long node() {
      return node;
    }

    @Override
    public boolean dialled() {
      return dialled;
    }

    @Override
    public PeerStream open() {
      long id = 4L * streams.size();
      Direct here = new Direct(id, this);
      Direct there = new Direct(id, other);
      here.other = there;
      there.other = here;
      streams.put(id, here);
      other.streams.put(id, there);
      return here;
    }

    @Override
    public PeerStream openOneWay() {
      return open();
    }

    @Override
    public Future<PeerStream> accepted(long id) {
      return Future.succeededFuture(streams.get(id));
    }
  }

  /** Hands on what is written at once; what is written before there is a reader waits. */
  private static final class Direct implements PeerStream {
    private final long id;
    private final Connection connection;
    private final ByteBuf early = io.netty.buffer.Unpooled.buffer();
    private Direct other;
    private Reader reader;

    Direct(long id, Connection connection) {
      this.id = id;
      this.connection = connection;
    }

    @Override
    public long id() {
      return id;
    }

    @Override
    public StreamConnection connection() {
      return connection;
    }

    @Override
    public boolean write(ByteBuf bytes) {
      try {
        if (other.reader == null) {
          other.early.writeBytes(bytes);
        } else {
          other.reader.onBytes(bytes);
        }
      } finally {
        bytes.release();
      }
      return true;
    }

    @Override
    public void finish() {}

    @Override
    public void reset() {}

    @Override
    public void read(Reader next) {
      reader = next;
      reader.onBytes(early);
    }

    @Override
    public void pause() {}

    @Override
    public void resume() {}
  }
}
