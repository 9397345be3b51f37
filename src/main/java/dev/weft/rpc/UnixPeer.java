package dev.weft.rpc;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.netty.channel.Channel;
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
    if (connection instanceof ConnectionBase base) {
      return of(base.channel());
    }
    throw notNative();
  }

  /** As {@link #of(HttpConnection)}, of a Netty channel. */
  public static UnixPeer of(Channel channel) {
    if (channel instanceof EpollDomainSocketChannel epoll) {
      try {
        PeerCredentials credentials = epoll.peerCredentials();
        return new UnixPeer(credentials.uid(), credentials.pid());
      } catch (IOException e) {
        throw Fault.UNAUTHENTICATED.because("no peer credentials: " + e.getMessage(), e);
      }
    }
    throw notNative();
  }

  private static WeftException notNative() {
    return Fault.UNAUTHENTICATED.because(
        "no peer credentials: not a Unix socket of the native transport");
  }

  @Override
  public String toString() {
    return "uid " + uid + " pid " + pid;
  }
}
