package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.address.HostPort;
import dev.weft.cli.ApiClient;
import dev.weft.config.ConfigFile;
import dev.weft.identity.Identity;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestCluster;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import dev.weft.topology.SingleLink;
import dev.weft.topology.Topologies;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates of running nodes are renewed. */
@Needs(Need.ROOT)
class RenewalIT {
  private static final Duration WITHIN = Duration.ofSeconds(20);

  @TempDir Path directory;
  private TestCluster cluster;
  private TestNetns one;
  private TestNetns two;

  @BeforeEach
  void join() throws Exception {
    one = TestNetns.create("r1");
    two = TestNetns.create("r2");
    cluster =
        TestCluster.start(
            directory, TestCluster.Shape.of(2).withWires("on-stop: keep, carrier: follow"));
    TestCluster.await(cluster.node(1).room(Pods.class).put(PodRef.parse("r1"), one.name()));
    TestCluster.await(cluster.node(2).room(Pods.class).put(PodRef.parse("r2"), two.name()));
    SingleLink link =
        new SingleLink(
            1L,
            new SingleLink.End(PodRef.parse("r1"), "eth1", "12.12.12.1/24"),
            new SingleLink.End(PodRef.parse("r2"), "eth1", "12.12.12.2/24"),
            null,
            null);
    await()
        .atMost(WITHIN)
        .ignoreExceptions()
        .until(
            () -> TestCluster.await(cluster.node(1).room(Topologies.class).addLink(link)) != null);
    await().atMost(WITHIN).ignoreExceptions().until(() -> carrier(one) && carrier(two));
  }

  @AfterEach
  void close() throws Exception {
    cluster.close();
    one.close();
    two.close();
  }

  @Test
  void shouldShowANewCertificateWhileAWireCarriesTraffic() throws Exception {
    String changes = carrierChanges();
    CompletableFuture<Transfer.Result> traffic = Transfer.start(one, two, "12.12.12.2", 1L << 30);

    BigInteger before = shownAt(grpc(1));
    cluster.issue(1);
    cluster.issue(2);

    BigInteger expected = identity(1).certificate().getSerialNumber();
    assertThat(expected).isNotEqualTo(before);
    for (HostPort listener : List.of(grpc(1), bus(1))) {
      await(listener.toString()).atMost(WITHIN).until(() -> shownAt(listener), expected::equals);
    }
    Transfer.Result carried = traffic.get(120, TimeUnit.SECONDS);
    assertThat(carried.received()).as("CRC").isEqualTo(carried.sent());
    assertThat(carrierChanges()).as("carrier changes of r1 and r2").isEqualTo(changes);
  }

  private String carrierChanges() throws Exception {
    String file = "/sys/class/net/eth1/carrier_changes";
    return one.run("cat", file) + two.run("cat", file);
  }

  private static boolean carrier(TestNetns pod) throws Exception {
    return pod.run("cat", "/sys/class/net/eth1/carrier").trim().equals("1");
  }

  private static HostPort grpc(int node) {
    return new HostPort(TestCluster.addressOf(node), TestCluster.GRPC_PORT + node);
  }

  private HostPort bus(int node) {
    ApiClient api = ApiClient.of("unix:" + cluster.socket(node), null);
    for (JsonNode member : api.get("/api/v1/nodes").path("items")) {
      if (member.path("id").asText().equals(cluster.node(node).id())) {
        return HostPort.parse(member.path("bus").asText(), 0).orElseThrow();
      }
    }
    throw new AssertionError("node " + node + " is no member of itself");
  }

  /** The serial number of the certificate that a listener shows to a new connection. */
  private BigInteger shownAt(HostPort listener) throws Exception {
    AtomicReference<X509Certificate> shown = new AtomicReference<>();
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(
        identity(2).keyCert().getKeyManagerFactory(null).getKeyManagers(),
        new TrustManager[] {new Anybody(shown)},
        null);
    try (SSLSocket socket =
        (SSLSocket) tls.getSocketFactory().createSocket(listener.host(), listener.port())) {
      socket.startHandshake();
    }
    return shown.get().getSerialNumber();
  }

  private Identity identity(int node) {
    Path home = cluster.home(node);
    String files = "security: { ca: %1$s/ca.pem, cert: %1$s/n%2$d.pem, key: %1$s/n%2$d.key }";
    return Identity.load(
        ConfigFile.parse(files.formatted(home, node), Map.of()).security(),
        home,
        Clock.systemUTC());
  }

  /** Looks at the certificate and trusts it. */
  private static final class Anybody extends X509ExtendedTrustManager {
    private final AtomicReference<X509Certificate> shown;

    Anybody(AtomicReference<X509Certificate> shown) {
      this.shown = shown;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
      shown.set(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
      throw new AssertionError("a socket is used");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      throw new AssertionError("a socket is used");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
      throw new AssertionError("this is the client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
      throw new AssertionError("this is the client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {
      throw new AssertionError("this is the client");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
