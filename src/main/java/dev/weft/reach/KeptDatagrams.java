package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * The last datagrams to a node from whom nothing has come since. QUIC sends its probes ever more
 * rarely while nobody answers; when the way is back, the last ones are sent again, as if they had
 * been long under way, and what they cause to come back makes QUIC go on at once. One that had
 * arrived after all is known by its packet number and dropped there.
 */
final class KeptDatagrams {
  /** Two probes each of two connections, and what was sent before. */
  private static final int MOST = 8;

  private final Queue<ByteBuf> datagrams = new ArrayDeque<>(MOST);
  int connections;

  /**
   * @param datagram borrowed
   */
  void keep(ByteBuf datagram) {
    if (datagrams.size() == MOST) {
      datagrams.remove().release();
    }
    datagrams.add(datagram.retain());
  }

  void clear() {
    ByteBuf datagram;
    while ((datagram = datagrams.poll()) != null) {
      datagram.release();
    }
  }

  void each(Consumer<ByteBuf> action) {
    datagrams.forEach(action);
  }
}
