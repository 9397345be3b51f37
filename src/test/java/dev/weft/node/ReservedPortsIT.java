package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.HostPort;
import dev.weft.config.ListenAddress;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@Needs({Need.ROOT, Need.IPROUTE2})
class ReservedPortsIT {
  private static final int PORT = 51111;
  private static final ListenAddress LISTENER =
      new ListenAddress("grpc.port", "grpc.host", new HostPort("127.0.0.1", PORT));

  /** Connections have no other local ports here. */
  private static final String FEW = "51110 51113";

  @Test
  void shouldKeepAPortFromConnectionsUntilItIsListenedOn() throws Exception {
    try (TestNetns host = TestNetns.create("ports");
        Netns netns = host.open()) {
      host.run("sysctl", "-w", "net.ipv4.ip_local_port_range=" + FEW);
      List<Integer> taken =
          netns.call(
              () -> {
                try (ReservedPorts reserved = new ReservedPorts(List.of(LISTENER));
                    ServerSocket elsewhere = listen(8080)) {
                  List<Integer> local = connectAll(elsewhere);
                  listen(PORT).close();
                  return local;
                }
              });
      assertThat(taken).containsExactlyInAnyOrder(51110, 51112, 51113);
    }
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
  }

  /** The local ports of as many connections as can be made. */
  private static List<Integer> connectAll(ServerSocket to) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    try {
      while (true) {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.connect(to.getLocalSocketAddress());
        ports.add(socket.getLocalPort());
      }
    } catch (BindException allTaken) {
      return ports;
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
