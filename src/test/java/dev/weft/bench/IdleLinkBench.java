package dev.weft.bench;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.mesh.MeshLink;
import dev.weft.mesh.MeshNode;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.kind.UdpKind;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * What an idle udp link costs: resident memory and processor time of both its ends, in one JVM,
 * over loopback. Prints a table.
 */
public final class IdleLinkBench {
  private static final int STEP = 100;
  private static final int STEPS = 4;
  private static final int QUIET_SECONDS = 5;
  private static final MeshConfig ON = new MeshConfig(List.of(), List.of(), true, 0, false);

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Path directory;

  private IdleLinkBench(Path directory) {
    this.directory = directory;
  }

  public static void main(String[] args) throws Exception {
    new IdleLinkBench(Files.createTempDirectory("weft-idle")).run();
  }

  private void run() throws Exception {
    MeshNode dialling = node("dialling");
    MeshNode accepting = node("accepting");
    String address =
        result(kind("accepting").listen("127.0.0.1:0", accepting::accept))
            .address()
            .substring("udp://".length());
    LinkKind udp = kind("dialling");
    System.out.println("| links | resident MiB | KiB a link, both ends | CPU of all, cores |");
    System.out.println("| --- | --- | --- | --- |");
    long before = 0;
    for (int step = 0; step <= STEPS; step++) {
      int wanted = step * STEP;
      for (int i = step == 0 ? 0 : wanted - STEP; i < wanted; i++) {
        dialling.keep(udp, link(address), false);
      }
      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(() -> up(dialling) == wanted && up(accepting) == wanted);
      System.gc();
      double cores = Consumption.cores(QUIET_SECONDS);
      long resident = Consumption.residentKiB();
      if (step == 0) {
        before = resident;
      }
      System.out.printf(
          Locale.ROOT,
          "| %d | %.1f | %s | %.3f |%n",
          wanted,
          resident / 1024.0,
          wanted == 0 ? "-" : String.valueOf((resident - before) / wanted),
          cores);
    }
    System.exit(0);
  }

  private static long up(MeshNode node) throws Exception {
    return result(node.links()).stream().map(MeshLink::state).filter("up"::equals).count();
  }

  private MeshNode node(String name) {
    Identity identity = identity(name);
    return new MeshNode(
        Loop.of(vertx),
        new MeshNode.Settings(identity.nodeId(), identity.fingerprint(), ON, Clock.systemUTC()),
        new Silent());
  }

  private LinkKind kind(String name) {
    return new UdpKind(vertx, List.of(Loop.of(vertx)), identity(name));
  }

  private Identity identity(String name) {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    return Identity.load(insecure, directory.resolve(name), Clock.systemUTC());
  }

  private static MeshConfig.Link link(String address) {
    return new MeshConfig.Link(
        new MeshConfig.LinkAddress("udp", address), Optional.empty(), Optional.empty(), 0);
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  /** Nobody listens. */
  private static final class Silent implements MeshNode.Observer {
    @Override
    public void happened(Fact fact) {}

    @Override
    public void trouble(String link, String remote, String reason) {}
  }
}
