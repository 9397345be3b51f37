package dev.weft.reach.stun;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.UdpPort;
import dev.weft.reach.UdpProbeSocket;
import dev.weft.rpc.Loop;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The node's UDP port as a socket of STUN's, and others beside it. */
final class PortSockets implements StunSockets {
  private static final InetAddress ANY_IPV4 = new InetSocketAddress("0.0.0.0", 0).getAddress();

  private record First(UdpPort port) implements ProbeSocket {
    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      port.send(to, Unpooled.wrappedBuffer(datagram));
    }

    @Override
    public void close() {
      // It is the node's.
    }
  }

  private final Loop loop;
  private final UdpPort port;
  private final StunClient client;
  private final ProbeSocket first;

  /**
   * @param loop of the other sockets, and the client's
   */
  PortSockets(Loop loop, UdpPort port, StunClient client) {
    this.loop = loop;
    this.port = port;
    this.client = client;
    this.first = new First(port);
  }

  @Override
  public ProbeSocket first() {
    return first;
  }

  @Override
  public Future<ProbeSocket> open() {
    return open((at, from, datagram) ->
            StunCodec.read(datagram).ifPresent(message -> client.arrived(at, from, message)))
        .map(socket -> socket);
  }

  /** Another socket of the same address. */
  Future<UdpProbeSocket> open(UdpProbeSocket.Receiver receiver) {
    InetAddress address = port.address().getAddress();
    // A port of both families has one of IPv4 beside it: that is what NATs are for.
    InetAddress same = address.isAnyLocalAddress() ? ANY_IPV4 : address;
    return UdpProbeSocket.open(loop, new InetSocketAddress(same, 0), receiver);
  }
}
