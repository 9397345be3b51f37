package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.config.ListenAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TCP ports that this node is about to listen on. While it has them, the system makes none of them
 * the local port of a connection, not of one of this node's own either, which it else may: 51111 is
 * among those that it takes for connections (ip_local_port_range in ip(7)). Listeners that set
 * SO_REUSEADDR can be opened in the meantime.
 */
final class ReservedPorts implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ReservedPorts.class);

  private final List<Socket> sockets = new ArrayList<>();

  /** Takes those that are free; the listener of one that is not will say so. */
  ReservedPorts(List<ListenAddress> listeners) {
    for (ListenAddress listener : listeners) {
      HostPort at = listener.at();
      if (at.port() != 0) {
        try {
          reserve(new InetSocketAddress(at.host(), at.port()));
        } catch (IOException e) {
          log.debug("{}: {} not reserved: {}", listener.path(), at, e.getMessage());
        }
      }
    }
  }

  private void reserve(InetSocketAddress at) throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    socket.setReuseAddress(true);
    socket.bind(at);
  }

  /** Gives them back. */
  @Override
  public void close() {
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        log.warn("a reserved port is not given back: {}", e.getMessage());
      }
    }
  }
}
