package dev.weft.proxy.carrier;

import dev.weft.address.HostPort;
import io.vertx.core.Future;

/** What can carry bytes between the proxies of two nodes. Any thread may call. */
public interface ProxyTransport {
  /** {@code quic} or {@code utp}. */
  String name();

  /**
   * Opens what one of the node's proxies needs, for as long as that proxy stands.
   *
   * @param local where to bind a socket of the proxy's own, for a transport that has one; port 0
   *     for any free one
   * @param reverse whether pipes are accepted (a reverse proxy), or made (a forward proxy)
   * @param events told on any thread
   * @return UNAVAILABLE names the address, for example one that is taken
   */
  Future<Carrier> open(HostPort local, boolean reverse, Carrier.Events events);
}
