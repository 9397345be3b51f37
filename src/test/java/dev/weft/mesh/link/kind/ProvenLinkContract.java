package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.Transport;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What links must do besides whose ends prove who they are. */
abstract class ProvenLinkContract extends TransportContract {
  static final Clock CLOCK = Clock.systemUTC();

  @TempDir Path directory;
  final BlockingQueue<Transport> accepted = new LinkedBlockingQueue<>();
  CertificateAuthority mesh;
  Identity one;
  Identity other;

  @BeforeEach
  void makeMesh() {
    mesh = CertificateAuthority.create(directory.resolve("ca"), "mesh", 40, CLOCK);
    one = member(mesh, "one", 5, CLOCK);
    other = member(mesh, "other", 30, CLOCK);
  }

  /** Links of one node. */
  abstract LinkKind kind(Identity identity);

  final Identity member(CertificateAuthority ca, String name, int days, Clock clock) {
    CertificateAuthority.Issued files =
        ca.issueNode(directory.resolve(name), name, List.of(), days);
    return Identity.load(
        new SecurityConfig(
            Optional.of(files.ca()), Optional.of(files.cert()), Optional.of(files.key()), false),
        directory,
        clock);
  }

  final Identity alone(String name) {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    return Identity.load(insecure, directory.resolve(name), CLOCK);
  }

  final int listen(Identity identity) throws Exception {
    return listen(identity, "127.0.0.1:0");
  }

  /** Its port. */
  final int listen(Identity identity, String at) throws Exception {
    Listening listening = result(kind(identity).listen(at, accepted::add));
    String address = listening.address();
    return HostPort.parse(address.substring(address.indexOf("://") + 3), -1).orElseThrow().port();
  }

  final MeshConfig.Link to(int port) {
    return to("127.0.0.1:" + port, Optional.empty());
  }

  final MeshConfig.Link to(int port, Identity node) {
    return to("127.0.0.1:" + port, Optional.of(node.nodeId().value()));
  }

  final MeshConfig.Link to(String address, Optional<String> node) {
    return new MeshConfig.Link(
        new MeshConfig.LinkAddress(scheme(), address), node, Optional.empty(), 0);
  }

  private String scheme() {
    return kind(one).scheme();
  }

  final Transport accepted() throws InterruptedException {
    Transport transport = accepted.poll(20, TimeUnit.SECONDS);
    assertThat(transport).as("a link that was accepted").isNotNull();
    return transport;
  }

  static void isUnauthenticated(Throwable e) {
    assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED);
  }

  @Override
  final Ends link() throws Exception {
    return new Ends(result(kind(one).dial(to(listen(other)))), accepted());
  }

  @Test
  void shouldTellEachEndWhoTheOtherIsAndWhereItComesFrom() throws Exception {
    int port = listen(other);

    Transport here = result(kind(one).dial(to(port, other)));
    Transport there = accepted();

    assertThat(here.proven()).contains(other.nodeId());
    assertThat(there.proven()).contains(one.nodeId());
    assertThat(List.of(here.proof(), there.proof())).containsOnly("certificate");
    assertThat(here.remote()).isEqualTo("127.0.0.1:" + port);
    assertThat(here.seenFrom()).isEqualTo("127.0.0.1:" + port);
    assertThat(there.seenFrom()).matches("127\\.0\\.0\\.1:\\d+").isEqualTo(there.remote());
  }

  @Test
  void shouldRefuseAnotherNodeThanTheOneThatIsMeant() throws Exception {
    int port = listen(other);

    assertThatThrownBy(() -> result(kind(one).dial(to(port, one))))
        .hasMessageContaining(scheme() + "://127.0.0.1:" + port + ": ")
        .hasMessageContaining("node id " + other.nodeId() + " (expected: " + one.nodeId() + ")")
        .satisfies(ProvenLinkContract::isUnauthenticated);
  }

  @Test
  void shouldRefuseANodeOfAnotherMesh() throws Exception {
    CertificateAuthority foreign =
        CertificateAuthority.create(directory.resolve("ca2"), "foreign", 10, CLOCK);
    Identity stranger = member(foreign, "stranger", 5, CLOCK);
    int port = listen(stranger);

    assertThatThrownBy(() -> result(kind(one).dial(to(port))))
        .hasMessageContaining("certificate of CN=stranger (" + stranger.nodeId() + ")")
        .hasMessageContaining("not signed by this mesh's CA")
        .satisfies(ProvenLinkContract::isUnauthenticated);
    assertThat(accepted).isEmpty();
  }

  @Test
  void shouldProveAnIdByItsKeyWithoutACa() throws Exception {
    Identity here = alone("here");
    Identity there = alone("there");
    int port = listen(there);

    Transport dialled = result(kind(here).dial(to(port, there)));

    assertThat(dialled.proven()).contains(there.nodeId());
    assertThat(dialled.proof()).isEqualTo("key");
    assertThat(accepted().proven()).contains(here.nodeId());
    assertThatThrownBy(() -> result(kind(here).dial(to(port, here))))
        .hasMessageContaining("node id " + there.nodeId() + " (expected: " + here.nodeId() + ")");
  }

  @Test
  void shouldRefuseAnIdWithoutACaIfItHasOne() throws Exception {
    Identity lone = alone("lone");
    int port = listen(lone);

    assertThatThrownBy(() -> result(kind(one).dial(to(port))))
        .hasMessageContaining("(" + lone.nodeId() + "): not signed by this mesh's CA")
        .satisfies(ProvenLinkContract::isUnauthenticated);
  }

  @Test
  void shouldNameAnAddressThatIsTaken() throws Exception {
    int port = listen(other);

    assertThatThrownBy(() -> result(kind(one).listen("127.0.0.1:" + port, accepted::add)))
        .hasMessageContaining(scheme() + "://127.0.0.1:" + port + ": ")
        .hasMessageContaining("in use")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAVAILABLE));
  }
}
