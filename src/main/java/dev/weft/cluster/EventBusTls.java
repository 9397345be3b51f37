package dev.weft.cluster;

import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.impl.clustered.ClusteredEventBus;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.lang.reflect.Field;

/**
 * Mutual TLS on the event bus: it proves that the other end is a node of the mesh; the signature of
 * an answer proves which node. The event bus copies its options through JSON, so it starts with
 * files; once it runs, its listener and its client are given managers that follow a reload.
 */
final class EventBusTls {
  private EventBusTls() {}

  static void configure(EventBusOptions bus, SecurityConfig security) {
    // The files' key lies in PKCS #12 key stores in memory, which nobody else sees: a tenth of a
    // start went into the 10,000 rounds with which each of them slows down guesses of a password.
    System.setProperty("keystore.pkcs12.keyPbeIterationCount", "1");
    bus.setSsl(true)
        .setClientAuth(ClientAuth.REQUIRED)
        .setKeyCertOptions(
            new PemKeyCertOptions()
                .addCertPath(security.cert().orElseThrow().toString())
                .addKeyPath(security.key().orElseThrow().toString()))
        .setTrustOptions(new PemTrustOptions().addCertPath(security.ca().orElseThrow().toString()));
  }

  /**
   * Handshakes from now on use what the identity has in use at that time. If that cannot be had of
   * this version of Vert.x, the event bus keeps the certificates that it started with, and the
   * health says so.
   */
  static Future<Void> follow(Vertx vertx, Identity identity, Health health) {
    return follow(vertx, identity)
        .recover(
            e -> {
              health.raise(
                  new Health.Warning(
                      ClusterNode.ROOM,
                      "event-bus-certificates",
                      "the event bus does not follow renewed certificates: " + e,
                      "after this node's certificate or the CA is renewed, members do not answer"
                          + " each other once the former one expires",
                      "restart the node after its certificates are renewed"));
              return Future.succeededFuture();
            });
  }

  private static Future<Void> follow(Vertx vertx, Identity identity) {
    ServerSSLOptions server =
        new ServerSSLOptions()
            .setClientAuth(ClientAuth.REQUIRED)
            .setKeyCertOptions(identity.keyCert())
            .setTrustOptions(identity.trustAnyMember());
    ClientSSLOptions client =
        new ClientSSLOptions()
            .setHostnameVerificationAlgorithm("")
            .setKeyCertOptions(identity.keyCert())
            .setTrustOptions(identity.trustAnyMember());
    return part(vertx, "server", NetServer.class)
        .compose(listener -> listener.updateSSLOptions(server))
        .compose(v -> part(vertx, "client", NetClient.class))
        .compose(outgoing -> outgoing.updateSSLOptions(client))
        .mapEmpty();
  }

  /** A part of the event bus, which has no accessor for it. */
  private static <T> Future<T> part(Vertx vertx, String name, Class<T> type) {
    try {
      Field field = ClusteredEventBus.class.getDeclaredField(name);
      field.setAccessible(true);
      return Future.succeededFuture(type.cast(field.get(vertx.eventBus())));
    } catch (ReflectiveOperationException | RuntimeException e) {
      return Future.failedFuture(e);
    }
  }
}
