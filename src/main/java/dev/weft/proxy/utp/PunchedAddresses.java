package dev.weft.proxy.utp;

import dev.weft.proxy.utp.machine.UtpPunch;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/** The addresses that a socket keeps reachable through NATs. On the socket's loop. */
final class PunchedAddresses {
  private record Punched(UtpPunch punch, LoopTimer timer) {}

  private final Channel udp;
  private final LongSupplier clock;
  private final ToLongFunction<InetSocketAddress> connections;
  private final Map<InetSocketAddress, Punched> all = new HashMap<>();

  /**
   * @param clock microseconds
   * @param connections counts those with an address
   */
  PunchedAddresses(Channel udp, LongSupplier clock, ToLongFunction<InetSocketAddress> connections) {
    this.udp = udp;
    this.clock = clock;
    this.connections = connections;
  }

  /**
   * Keeps an address reachable; the same again does nothing.
   *
   * @param timeout of an attempt, microseconds
   * @param keepalive microseconds
   */
  void add(InetSocketAddress to, long timeout, LongSupplier keepalive, UtpPunch.Told told) {
    if (all.containsKey(to)) {
      return;
    }
    UtpPunch punch =
        new UtpPunch(
            timeout,
            keepalive,
            () -> connections.applyAsLong(to),
            clock,
            word -> send(to, word),
            told);
    LoopTimer timer =
        new LoopTimer(
            udp.eventLoop(),
            clock,
            () -> {
              punch.tick();
              set(to);
            });
    all.put(to, new Punched(punch, timer));
    set(to);
  }

  private void send(InetSocketAddress to, int word) {
    ByteBuf ping = udp.alloc().directBuffer(Integer.BYTES).writeInt(word);
    var unused = udp.writeAndFlush(new DatagramPacket(ping, to));
  }

  private void set(InetSocketAddress address) {
    Punched known = all.get(address);
    if (known != null) {
      known.timer.set(known.punch.timer());
    }
  }

  /** Keeps an address reachable no more. */
  void remove(InetSocketAddress address) {
    Punched known = all.remove(address);
    if (known != null) {
      known.punch.remove();
      known.timer.off();
    }
  }

  void clear() {
    List.copyOf(all.keySet()).forEach(this::remove);
  }

  /**
   * A ping or an answer has come.
   *
   * @return whether the address is one of these
   */
  boolean arrived(InetSocketAddress from, int word) {
    Punched known = all.get(from);
    if (known != null) {
      known.punch.arrived(word);
      set(from);
    }
    return known != null;
  }

  /** Something else has come. */
  void heard(InetSocketAddress from) {
    Punched known = all.isEmpty() ? null : all.get(from);
    if (known != null) {
      known.punch.heard();
    }
  }

  /** Something that has to be answered goes out. */
  void sent(InetSocketAddress to) {
    Punched known = all.isEmpty() ? null : all.get(to);
    if (known != null) {
      known.punch.sent();
      set(to);
    }
  }
}
