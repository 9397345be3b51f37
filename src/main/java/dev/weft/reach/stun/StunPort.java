package dev.weft.reach.stun;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.SideProtocol;
import dev.weft.reach.Timers;
import dev.weft.reach.UdpProbeSocket;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * STUN among what arrives at the node's UDP port: answers go to who asked, requests are answered.
 */
final class StunPort implements SideProtocol {
  private final Loop loop;
  private final ProbeSocket first;
  private final StunClient client;
  private final StunResponder responder;

  private StunPort(Loop loop, ProbeSocket first, StunClient client, StunResponder responder) {
    this.loop = loop;
    this.first = first;
    this.client = client;
    this.responder = responder;
  }

  /**
   * Opens the second port; without one, answers from another port are refused.
   *
   * @param members other members' ports; any thread
   */
  static Future<StunPort> open(
      Loop loop,
      PortSockets sockets,
      StunClient client,
      Supplier<List<InetSocketAddress>> members,
      Timers timers) {
    StunResponder[] responder = new StunResponder[1];
    UdpProbeSocket.Receiver atSecond =
        (at, from, datagram) -> {
          if (responder[0] != null) {
            StunCodec.read(datagram)
                .ifPresent(m -> responder[0].arrived(at, from, m, datagram.readableBytes()));
          }
        };
    return sockets
        .open(atSecond)
        .map(Optional::of)
        .otherwise(Optional.empty())
        .map(
            second -> {
              OptionalInt port =
                  second.isPresent()
                      ? OptionalInt.of(second.get().address().getPort())
                      : OptionalInt.empty();
              responder[0] =
                  new StunResponder(
                      new StunResponder.Ports(
                          sockets.first(), second.map(s -> (ProbeSocket) s), port),
                      members,
                      timers);
              return new StunPort(loop, sockets.first(), client, responder[0]);
            });
  }

  @Override
  public boolean arrived(InetSocketAddress from, ByteBuf datagram) {
    if (!StunCodec.isStun(datagram)) {
      return false;
    }
    StunCodec.read(datagram)
        .ifPresent(
            message -> {
              if (client.expects(message.id())) {
                loop.netty().execute(() -> client.arrived(first, from, message));
              } else {
                responder.arrived(first, from, message, datagram.readableBytes());
              }
            });
    return true;
  }

  StunResponder.Counters counters() {
    return responder.counters();
  }

  void close() {
    responder.close();
  }
}
