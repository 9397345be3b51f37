package dev.weft.reach.stun;

import dev.weft.reach.ProbeSocket;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A node that asks and answers, at port 7654 and another one. */
final class SimulatedNode implements StunSockets {
  static final int PORT = 7654;
  static final int SECOND = 40_000;

  final InetSocketAddress address;
  final StunClient client;
  final List<InetSocketAddress> members = new ArrayList<>();
  final List<byte[]> sent = new ArrayList<>();
  final StunResponder responder;
  private final SimulatedNetwork network;
  private final Socket first;
  private int nextPort = 50_000;

  private final class Socket implements ProbeSocket {
    final InetSocketAddress local;

    Socket(int port) {
      local = new InetSocketAddress(address.getAddress(), port);
      network.bind(local, (from, datagram) -> take(this, from, datagram));
    }

    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      sent.add(datagram);
      network.send(local, to, datagram);
    }

    @Override
    public void close() {
      network.unbind(local);
    }
  }

  SimulatedNode(SimulatedNetwork network, InetAddress address) {
    this.network = network;
    this.address = new InetSocketAddress(address, PORT);
    this.client = new StunClient(network, new SecureRandom());
    this.first = new Socket(PORT);
    Socket second = new Socket(SECOND);
    this.responder =
        new StunResponder(
            new StunResponder.Ports(first, Optional.of(second), OptionalInt.of(SECOND)),
            () -> members,
            network);
  }

  private void take(Socket at, InetSocketAddress from, byte[] datagram) {
    StunCodec.read(Unpooled.wrappedBuffer(datagram))
        .ifPresent(
            message -> {
              if (!client.arrived(at, from, message)
                  && (at == first || at.local.getPort() == SECOND)) {
                responder.arrived(at, from, message, datagram.length);
              }
            });
  }

  @Override
  public ProbeSocket first() {
    return first;
  }

  @Override
  public Future<ProbeSocket> open() {
    return Future.succeededFuture(new Socket(nextPort++));
  }
}
