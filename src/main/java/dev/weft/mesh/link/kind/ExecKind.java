package dev.weft.mesh.link.kind;

import dev.weft.bus.Fault;
import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Links over the standard input and output of a command, as {@code ssh host weft link-stdio}. What
 * it says on its standard error is logged. They prove nothing.
 */
public final class ExecKind implements LinkKind {
  private static final Logger log = LoggerFactory.getLogger(ExecKind.class);
  private static final String SCHEME = "exec";

  private final Vertx vertx;
  private final Supplier<Loop> loops;

  /**
   * @param loops gives each link its loop
   */
  public ExecKind(Vertx vertx, Supplier<Loop> loops) {
    this.vertx = vertx;
    this.loops = loops;
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  /** Starts the command: the link stands at once, and ends with the command's exit status. */
  @Override
  public Future<Transport> dial(MeshConfig.Link link) {
    String command = link.to().rest();
    Loop loop = loops.get();
    Future<Transport> started =
        vertx
            .executeBlocking(() -> RunningCommand.start(command), false)
            .map(
                running ->
                    new StreamTransport(
                        FarEnd.unproven(SCHEME, command),
                        new CommandBytes(
                            loop,
                            running,
                            new FloodGate(
                                line -> log.info("{}: {}", link.to(), line), System::nanoTime))));
    return started.recover(
        e ->
            Future.failedFuture(
                Fault.UNAVAILABLE.because(
                    link.to() + ": cannot be started: " + e.getMessage(), e)));
  }

  @Override
  public Future<Listening> listen(String address, Consumer<Transport> accepted) {
    return Future.failedFuture(
        Fault.invalid(
            "listen", SCHEME + ":" + address, "udp://, tcp:// or unix:, as no command calls"));
  }
}
