package dev.weft.reach.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.reach.NatBehaviour;
import dev.weft.reach.NatBehaviour.Dependence;
import dev.weft.reach.NatBehaviour.Lifetime;
import dev.weft.reach.NatBehaviour.Verdict;
import dev.weft.reach.stun.SimulatedNetwork.By;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NatDiscoveryTest {
  private static final InetAddress OUTSIDE = ip("203.0.113.1");

  private final SimulatedNetwork network = new SimulatedNetwork();
  private final SimulatedNode asker = new SimulatedNode(network, ip("10.0.0.2"));
  private final List<SimulatedNode> servers = new ArrayList<>();
  private final List<NatFindings.Sighting> early = new ArrayList<>();

  private static InetAddress ip(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private void servers(int count) {
    for (int i = 1; i <= count; i++) {
      servers.add(new SimulatedNode(network, ip("198.51.100." + i)));
    }
    for (SimulatedNode one : servers) {
      servers.stream().filter(s -> s != one).forEach(s -> one.members.add(s.address));
    }
  }

  private NatFindings discover() {
    Future<NatFindings> found =
        new NatDiscovery(asker.client, asker)
            .discover(
                servers.stream().map(s -> s.address).toList(),
                asker.address.getAddress()::equals,
                early::add);
    network.turn(60);
    assertThat(found.isComplete()).isTrue();
    return found.result();
  }

  @ParameterizedTest
  @CsvSource({
    "NOTHING, NOTHING, ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT",
    "NOTHING, ADDRESS, ENDPOINT_INDEPENDENT, ADDRESS_DEPENDENT",
    "NOTHING, PORT, ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT",
    "ADDRESS, PORT, ADDRESS_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT",
    "PORT, PORT, ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT",
  })
  void shouldTellMappingAndFiltering(
      By mapping, By filtering, Dependence expectedMapping, Dependence expectedFiltering) {
    servers(2);
    network.nat(OUTSIDE, mapping, filtering, false, 60).before(asker.address.getAddress());

    NatBehaviour behaviour = discover().behaviour();

    assertThat(behaviour.mapping()).isEqualTo(expectedMapping);
    assertThat(behaviour.filtering()).isEqualTo(expectedFiltering);
    assertThat(behaviour.udp()).isEqualTo(Verdict.YES);
    assertThat(behaviour.ipv6()).isEqualTo(Verdict.UNKNOWN);
  }

  @ParameterizedTest
  @CsvSource({"true, YES", "false, NO"})
  void shouldTellHairpinning(boolean hairpin, Verdict expected) {
    servers(2);
    network.nat(OUTSIDE, By.NOTHING, By.PORT, hairpin, 60).before(asker.address.getAddress());

    assertThat(discover().behaviour().hairpin()).isEqualTo(expected);
  }

  @Test
  void shouldFindThePublicAddress() {
    servers(3);
    network.nat(OUTSIDE, By.NOTHING, By.PORT, false, 60).before(asker.address.getAddress());

    assertThat(discover().sightings())
        .hasSize(3)
        .allMatch(s -> s.mapped().equals(new InetSocketAddress(OUTSIDE, 20_000)))
        .containsExactlyElementsOf(early);
  }

  @Test
  void shouldSeeThatThereIsNoNat() {
    servers(2);

    NatBehaviour behaviour = discover().behaviour();

    assertThat(behaviour.mapping()).isEqualTo(Dependence.NO_NAT);
    assertThat(behaviour.filtering()).isEqualTo(Dependence.ENDPOINT_INDEPENDENT);
  }

  @Test
  void shouldNotGuessFromOneServer() {
    servers(1);
    network.nat(OUTSIDE, By.NOTHING, By.ADDRESS, false, 60).before(asker.address.getAddress());

    NatBehaviour behaviour = discover().behaviour();

    assertThat(behaviour.mapping()).isEqualTo(Dependence.UNKNOWN);
    assertThat(behaviour.filtering()).isEqualTo(Dependence.UNKNOWN);
  }

  @Test
  void shouldSeeWithOneServerThatEachPortGetsAMappingOfItsOwn() {
    servers(1);
    network.nat(OUTSIDE, By.PORT, By.PORT, false, 60).before(asker.address.getAddress());

    assertThat(discover().behaviour().mapping()).isEqualTo(Dependence.ADDRESS_AND_PORT_DEPENDENT);
  }

  @Test
  void shouldNotTakeSilenceOfAMemberForAFilter() {
    servers(2);
    network.nat(OUTSIDE, By.NOTHING, By.NOTHING, false, 60).before(asker.address.getAddress());
    // What the first server passes on is not taken: it is no member to the second one.
    servers.get(1).members.clear();
    servers.remove(1);

    assertThat(discover().behaviour().filtering()).isEqualTo(Dependence.UNKNOWN);
  }

  @Test
  void shouldSeeThatUdpIsBlocked() {
    servers(2);
    servers.forEach(s -> network.mute.add(s.address.getAddress()));

    NatFindings found = discover();

    assertThat(found.behaviour().udp()).isEqualTo(Verdict.NO);
    assertThat(found.behaviour().mapping()).isEqualTo(Dependence.UNKNOWN);
  }

  @Test
  void shouldKnowNothingWithoutServers() {
    assertThat(discover().behaviour()).isEqualTo(NatBehaviour.UNKNOWN);
  }

  @Test
  void shouldNotCompareServersInsideWithServersOutside() {
    servers(2);
    network.nat(OUTSIDE, By.NOTHING, By.PORT, false, 60).before(asker.address.getAddress());
    SimulatedNode neighbour = new SimulatedNode(network, ip("10.0.0.3"));
    network.nat(ip("203.0.113.9"), By.NOTHING, By.PORT, false, 60);
    servers.add(0, neighbour);

    NatFindings found = discover();

    assertThat(found.behaviour().mapping()).isEqualTo(Dependence.ENDPOINT_INDEPENDENT);
  }

  @ParameterizedTest
  @CsvSource({"10, 9, 12", "35, 30, 45", "180, 120, ", "5, , 9"})
  void shouldMeasureTheLifetimeOfMappings(long lifetime, Integer alive, Integer expired) {
    servers(1);
    network.nat(OUTSIDE, By.NOTHING, By.PORT, false, lifetime).before(asker.address.getAddress());
    NatFindings.Sighting by = discover().sightings().get(0);
    List<Lifetime> found = new ArrayList<>();

    Future<Void> done = new LifetimeProbe(asker.client, asker, network).run(by, found::add);
    network.turn(180);

    assertThat(done.isComplete()).isTrue();
    assertThat(found).hasSize(LifetimeProbe.SILENCES.size());
    assertThat(found.get(found.size() - 1))
        .isEqualTo(new Lifetime(seconds(alive), seconds(expired)));
  }

  private static Optional<Duration> seconds(Integer count) {
    return Optional.ofNullable(count).map(Duration::ofSeconds);
  }

  @Test
  void shouldNotTakeTheServersEndForTheMappings() {
    servers(1);
    network.nat(OUTSIDE, By.NOTHING, By.PORT, false, 60).before(asker.address.getAddress());
    NatFindings.Sighting by = discover().sightings().get(0);
    List<Lifetime> found = new ArrayList<>();
    var unused = new LifetimeProbe(asker.client, asker, network).run(by, found::add);
    network.turn(5);

    network.mute.add(servers.get(0).address.getAddress());
    network.turn(180);

    assertThat(found).isNotEmpty().allMatch(Lifetime.UNKNOWN::equals);
  }
}
