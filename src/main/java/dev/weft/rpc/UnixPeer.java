package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;

/**
 * The program at the other end of a Unix socket, by the kernel (SO_PEERCRED, unix(7)): a caller as
 * of when it connected, a server as of when it began to listen.
 *
 * @param uid its user
 * @param pid its process; 0 if it is not visible from this process's PID namespace
 */
public record UnixPeer(int uid, int pid) {
  public static UnixPeer of(HttpConnection connection) {
    if (connection instanceof ConnectionBase base
        && base.channel() instanceof EpollDomainSocketChannel channel) {
      try {
        PeerCredentials credentials = channel.peerCredentials();
        return new UnixPeer(credentials.uid(), credentials.pid());
      } catch (IOException e) {
        throw Fault.UNAUTHENTICATED.because("no peer credentials: " + e.getMessage(), e);
      }
    }
    throw Fault.UNAUTHENTICATED.because(
        "no peer credentials: not a Unix socket of the native transport");
  }

  @Override
  public String toString() {
    return "uid " + uid + " pid " + pid;
  }
}
