package dev.weft.rpc;

import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.reach.PeerPort;
import dev.weft.reach.PeerPorts;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Two nodes whose QUIC datagrams cross in memory; one dials, the other serves. */
public final class TwoPorts {
  private final PeerPort dialling;
  private final PeerPort serving;
  private final Identity server;
  private final Loop from;
  private volatile boolean cut;

  /**
   * @param from the loop of dialled connections
   * @param to the loop on which the listener's methods are served
   * @param caller who calls, whatever the certificate says
   */
  public TwoPorts(Path directory, Loop from, GrpcListener listener, Loop to, Caller caller) {
    CertificateAuthority ca =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, Clock.systemUTC());
    Identity client = PeerPorts.identity(directory, ca, "one");
    this.from = from;
    this.server = PeerPorts.identity(directory, ca, "two");
    this.dialling = await(PeerPort.open(List.of(from), client));
    this.serving = await(PeerPort.open(List.of(to), server));
    dialling.path(to(serving, client));
    serving.path(to(dialling, server));
    serving.accept(
        QuicConnection.PROTOCOL, to, (channel, loop) -> listener.serve(channel, to, () -> caller));
  }

  private PeerPort.DatagramPath to(PeerPort other, Identity self) {
    return new PeerPort.DatagramPath() {
      @Override
      public boolean reaches(long node) {
        return true;
      }

      @Override
      public void send(long node, ByteBuf datagram) {
        if (!cut) {
          other.arrived(self.nodeId().number(), datagram);
        }
      }
    };
  }

  /** A connection, established. */
  public QuicChannel dial() {
    return await(
        dialling.dial(server.nodeId(), QuicConnection.PROTOCOL, from, (channel, loop) -> {}));
  }

  /** Nothing passes any more. */
  public void cut() {
    cut = true;
  }

  public void close() {
    await(dialling.close("the test is over"));
    await(serving.close("the test is over"));
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }
}
