package dev.weft.cluster;

import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.impl.clustered.ClusteredEventBus;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClient;
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
    bus.setSsl(true)
        .setClientAuth(ClientAuth.REQUIRED)
        .setKeyCertOptions(
            new PemKeyCertOptions()
                .addCertPath(security.cert().orElseThrow().toString())
                .addKeyPath(security.key().orElseThrow().toString()))
        .setTrustOptions(new PemTrustOptions().addCertPath(security.ca().orElseThrow().toString()));
  }

  /** Handshakes from now on use what the identity has in use at that time. */
  static Future<Void> follow(Vertx vertx, Identity identity) {
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
    VertxInternal internal = (VertxInternal) vertx;
    try {
      // The event bus has no accessor for its client. Its listener is the first and only TCP
      // server of this Vert.x at this time.
      Field field = ClusteredEventBus.class.getDeclaredField("client");
      field.setAccessible(true);
      NetClient outgoing = (NetClient) field.get(internal.eventBus());
      return Future.all(
              internal.sharedTcpServers().values().stream()
                  .map(listener -> listener.updateSSLOptions(server))
                  .toList())
          .compose(v -> outgoing.updateSSLOptions(client))
          .mapEmpty();
    } catch (ReflectiveOperationException e) {
      return Future.failedFuture(e);
    }
  }
}
