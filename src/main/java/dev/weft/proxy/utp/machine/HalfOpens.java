package dev.weft.proxy.utp.machine;

import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * SYNs that were answered, whose senders have not shown yet that they get what is sent to their
 * addresses. Bounded: when there are too many, the oldest goes.
 */
public final class HalfOpens {
  /** Of one flood; each is about 300 bytes. */
  public static final int MOST = 1024;

  /** Microseconds; libutp's ends repeat a SYN for as long. */
  private static final long PATIENCE = 20_000_000;

  /** A SYN, and the sequence number with which it was answered. */
  public record HalfOpen(UtpHeader syn, int seq, long at) {}

  private record Key(InetSocketAddress from, int id) {}

  private final Map<Key, HalfOpen> waiting = new LinkedHashMap<>();
  private final IntSupplier random;
  private long forgotten;

  /**
   * @param random any numbers
   */
  public HalfOpens(IntSupplier random) {
    this.random = random;
  }

  /**
   * A SYN has arrived; one that is repeated gets the same answer.
   *
   * @param now microseconds
   * @return the answer
   */
  public byte[] answer(InetSocketAddress from, UtpHeader syn, long now) {
    Key key = new Key(from, syn.id());
    HalfOpen known = waiting.get(key);
    if (known == null || known.syn.seq() != syn.seq()) {
      waiting.remove(key);
      expire(now);
      known = new HalfOpen(syn, random.getAsInt() & 0xffff, now);
      waiting.put(key, known);
    }
    return UtpConnection.answer(known.syn, known.seq, now);
  }

  private void expire(long now) {
    Iterator<HalfOpen> oldest = waiting.values().iterator();
    while (oldest.hasNext()) {
      HalfOpen next = oldest.next();
      if (waiting.size() < MOST && now - next.at < PATIENCE) {
        return;
      }
      forgotten++;
      oldest.remove();
    }
  }

  /**
   * Takes out what a packet confirms.
   *
   * @param header of a packet that is no SYN
   */
  public Optional<HalfOpen> confirmed(InetSocketAddress from, UtpHeader header) {
    if (waiting.isEmpty()) {
      return Optional.empty();
    }
    Key key = new Key(from, header.id() - 1 & 0xffff);
    HalfOpen known = waiting.get(key);
    if (known == null || !UtpConnection.confirms(header, known.seq)) {
      return Optional.empty();
    }
    waiting.remove(key);
    return Optional.of(known);
  }

  /** Whether a packet is of one of them, though it does not confirm it. */
  public boolean knows(InetSocketAddress from, int id) {
    return waiting.containsKey(new Key(from, id - 1 & 0xffff));
  }

  public int size() {
    return waiting.size();
  }

  /** How many nobody confirmed. */
  public long forgotten() {
    return forgotten;
  }
}
