package dev.weft.mesh.link.kind;

import dev.weft.bus.Fault;
import dev.weft.config.MeshConfig;
import dev.weft.linux.LinuxException;
import dev.weft.linux.SerialPort;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Links over a serial line or pseudo-terminal that log lines share. Both ends dial, none listens.
 * They prove nothing.
 */
public final class SerialKind implements LinkKind {
  private static final Logger log = LoggerFactory.getLogger(SerialKind.class);
  private static final String SCHEME = "serial";

  private final Vertx vertx;
  private final Supplier<Loop> loops;

  /**
   * @param loops gives each link its loop
   */
  public SerialKind(Vertx vertx, Supplier<Loop> loops) {
    this.vertx = vertx;
    this.loops = loops;
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  /** Opens the line, whether anybody is at its other end or not. */
  @Override
  public Future<Transport> dial(MeshConfig.Link link) {
    Loop loop = loops.get();
    return vertx
        .<Transport>executeBlocking(() -> open(link, loop), false)
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(link.to() + ": " + e.getMessage(), e)));
  }

  private static Transport open(MeshConfig.Link link, Loop loop) throws LinuxException {
    SerialPort port = SerialPort.open(Path.of(link.to().rest()), link.speed());
    return new SerialTransport(
        FarEnd.unproven(SCHEME, link.to().rest()),
        new DeviceBytes(loop, port),
        link.speed(),
        ThreadLocalRandom.current().nextInt(),
        new FloodGate(line -> log.info("{}: {}", link.to(), line), System::nanoTime));
  }

  @Override
  public Future<Listening> listen(String address, Consumer<Transport> accepted) {
    return Future.failedFuture(
        Fault.invalid(
            "listen", SCHEME + ":" + address, "a link that this node dials, as both ends do"));
  }
}
