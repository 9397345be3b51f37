package dev.weft.subnet;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * Asks the kernels of nodes, over the overlay, whether they are there: an echo request to a node's
 * own address on the overlay is answered whether or not the node's process runs. For one thread.
 */
final class OverlayProbe implements AutoCloseable {
  private final Netns host;
  private final Map<InetAddress, IcmpEcho> echoes = new HashMap<>();

  OverlayProbe(Netns host) {
    this.host = host;
  }

  /**
   * Sends a request to each; does not wait.
   *
   * @return those that have answered the request of the round before
   */
  Set<InetAddress> round(Set<InetAddress> routers) {
    for (Iterator<InetAddress> known = echoes.keySet().iterator(); known.hasNext(); ) {
      InetAddress router = known.next();
      if (!routers.contains(router)) {
        echoes.get(router).close();
        known.remove();
      }
    }
    Set<InetAddress> answered = new HashSet<>();
    for (InetAddress router : routers) {
      try {
        IcmpEcho echo = echoes.get(router);
        if (echo == null) {
          echo = IcmpEcho.open(host, router, 0, false);
          echoes.put(router, echo);
        } else if (echo.isAnswered()) {
          answered.add(router);
        }
        echo.request();
      } catch (LinuxException unreachable) {
        // The kernel has no way there, or had none when the socket was opened: a new one next time.
        IcmpEcho failed = echoes.remove(router);
        if (failed != null) {
          failed.close();
        }
      }
    }
    return answered;
  }

  @Override
  public void close() {
    echoes.values().forEach(IcmpEcho::close);
    echoes.clear();
  }
}
