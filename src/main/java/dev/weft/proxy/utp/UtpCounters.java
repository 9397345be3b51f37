package dev.weft.proxy.utp;

import java.util.concurrent.atomic.LongAdder;

/**
 * What a proxy's sockets count, one after the other. The socket's loop counts, any thread reads.
 */
final class UtpCounters {
  /** Datagrams. */
  final LongAdder sent = new LongAdder();

  final LongAdder received = new LongAdder();

  /** Packets that count as lost: they are among the datagrams that were sent, too. */
  final LongAdder sentAgain = new LongAdder();

  /** Datagrams that are neither uTP nor a ping of an address that is known. */
  final LongAdder strange = new LongAdder();

  /** Packets of no connection. */
  final LongAdder unknown = new LongAdder();

  /** Connections that others began and that were too many, or that nobody takes here. */
  final LongAdder refused = new LongAdder();

  /** Connections that others began and whose TLS failed, as for a certificate of another mesh. */
  final LongAdder denied = new LongAdder();

  private volatile int open;
  private volatile int halfOpen;

  void are(int connections, int halfOpens) {
    open = connections;
    halfOpen = halfOpens;
  }

  /** Connections. */
  int open() {
    return open;
  }

  /** Others' that have not shown yet that they get what is sent to them. */
  int halfOpen() {
    return halfOpen;
  }
}
