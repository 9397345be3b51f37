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
 * Sends echo requests over the overlay: one to a node's own address there is answered by its
 * kernel, whether or not the node's process runs. For one thread.
 */
final class OverlayProbe implements AutoCloseable {
  private final Netns host;

  /**
   * What is asked.
   *
   * @param payload bytes; a request that has any must not be cut up
   */
  record Request(InetAddress to, int payload) {}

  private final Map<Request, IcmpEcho> echoes = new HashMap<>();

  OverlayProbe(Netns host) {
    this.host = host;
  }

  /**
   * Sends a request to each; does not wait.
   *
   * @return those that have answered the request of the round before
   */
  Set<Request> round(Set<Request> requests) {
    for (Iterator<Request> known = echoes.keySet().iterator(); known.hasNext(); ) {
      Request asked = known.next();
      if (!requests.contains(asked)) {
        echoes.get(asked).close();
        known.remove();
      }
    }
    Set<Request> answered = new HashSet<>();
    for (Request request : requests) {
      try {
        IcmpEcho echo = echoes.get(request);
        if (echo == null) {
          echo = IcmpEcho.open(host, request.to(), request.payload(), request.payload() > 0);
          echoes.put(request, echo);
        } else if (echo.isAnswered()) {
          answered.add(request);
        }
        echo.request();
      } catch (LinuxException unreachable) {
        // The kernel has no way there, or had none when the socket was opened: a new one next time.
        IcmpEcho failed = echoes.remove(request);
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
