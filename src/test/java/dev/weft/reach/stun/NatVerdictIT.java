package dev.weft.reach.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.reach.NatBehaviour;
import dev.weft.reach.NatBehaviour.Dependence;
import dev.weft.reach.NatBehaviour.Lifetime;
import dev.weft.reach.NatBehaviour.Verdict;
import dev.weft.testkit.NatKind;
import dev.weft.testkit.NatLab;
import dev.weft.testkit.NatRouter;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is found out of the kernel's NATs: one host behind a router of each kind, all at once. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT})
class NatVerdictIT {
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final List<AutoCloseable> OPEN = new ArrayList<>();
  private static final Map<NatKind, NatRouter> ROUTERS = new EnumMap<>(NatKind.class);
  private static final Map<NatKind, NatFindings> FOUND = new ConcurrentHashMap<>();
  private static final Map<NatKind, Lifetime> LIFETIMES = new ConcurrentHashMap<>();

  @BeforeAll
  static void findOut() throws Exception {
    NatLab lab = NatLab.create();
    OPEN.add(lab);
    NatLab.Host[] publicHosts = {lab.host("s1"), lab.host("s2"), lab.host("s3")};
    List<InetSocketAddress> members =
        List.of(publicHosts).stream()
            .map(host -> new InetSocketAddress(host.address(), NatLabHost.PORT))
            .toList();
    // The third one is known to the others only: nobody sends there of his own accord.
    List<InetSocketAddress> servers = members.subList(0, 2);
    for (NatLab.Host host : publicHosts) {
      OPEN.add(0, new NatLabHost(host, List.of(members.get(2), members.get(0))));
    }
    for (NatKind kind : NatKind.values()) {
      NatRouter router = lab.router(kind);
      router.mappingTimeout(TIMEOUT);
      ROUTERS.put(kind, router);
      NatLabHost asker = new NatLabHost(router.host("h"), List.of());
      OPEN.add(0, asker);
      asker.run(() -> findOut(kind, asker, servers));
    }
    Awaitility.await("all is found out")
        .atMost(FOUND_WITHIN)
        .until(() -> FOUND.keySet().containsAll(List.of(NatKind.values())));
  }

  private static void findOut(NatKind kind, NatLabHost asker, List<InetSocketAddress> servers) {
    new NatDiscovery(asker.client, asker)
        .discover(servers, asker.address().getAddress()::equals, seen -> {})
        .onSuccess(
            found -> {
              FOUND.put(kind, found);
              if (kind == NatKind.PORT_RESTRICTED) {
                var unused =
                    new LifetimeProbe(asker.client, asker, asker)
                        .run(found.sightings().get(0), measured -> LIFETIMES.put(kind, measured));
              }
            });
  }

  @AfterAll
  static void close() throws Exception {
    for (AutoCloseable each : OPEN) {
      each.close();
    }
  }

  private static NatBehaviour behind(NatKind kind) {
    return FOUND.get(kind).behaviour();
  }

  @Test
  void shouldTellMappingAndFilteringOfEachKind() {
    assertThat(behind(NatKind.FULL_CONE))
        .extracting(NatBehaviour::mapping, NatBehaviour::filtering)
        .containsExactly(Dependence.ENDPOINT_INDEPENDENT, Dependence.ENDPOINT_INDEPENDENT);
    assertThat(behind(NatKind.ADDRESS_RESTRICTED))
        .extracting(NatBehaviour::mapping, NatBehaviour::filtering)
        .containsExactly(Dependence.ENDPOINT_INDEPENDENT, Dependence.ADDRESS_DEPENDENT);
    assertThat(behind(NatKind.PORT_RESTRICTED))
        .extracting(NatBehaviour::mapping, NatBehaviour::filtering)
        .containsExactly(Dependence.ENDPOINT_INDEPENDENT, Dependence.ADDRESS_AND_PORT_DEPENDENT);
    assertThat(behind(NatKind.SYMMETRIC))
        .extracting(NatBehaviour::mapping, NatBehaviour::filtering)
        .containsExactly(
            Dependence.ADDRESS_AND_PORT_DEPENDENT, Dependence.ADDRESS_AND_PORT_DEPENDENT);
  }

  @Test
  void shouldTellThatUdpIsBlocked() {
    assertThat(behind(NatKind.BLOCKED))
        .isEqualTo(
            new NatBehaviour(
                Verdict.NO,
                Verdict.UNKNOWN,
                Dependence.UNKNOWN,
                Dependence.UNKNOWN,
                Verdict.UNKNOWN,
                Lifetime.UNKNOWN));
  }

  @Test
  void shouldFindThePublicAddress() {
    assertThat(FOUND.get(NatKind.PORT_RESTRICTED).sightings())
        .hasSize(2)
        .allSatisfy(
            s ->
                assertThat(s.mapped())
                    .isEqualTo(
                        new InetSocketAddress(
                            ROUTERS.get(NatKind.PORT_RESTRICTED).outside(), NatLabHost.PORT)));
  }

  @Test
  void shouldTellThatThereIsNoHairpinning() {
    assertThat(behind(NatKind.PORT_RESTRICTED).hairpin()).isEqualTo(Verdict.NO);
  }

  @Tag("long")
  @Test
  void shouldMeasureHowLongAMappingStands() {
    Awaitility.await("a mapping of 10 s expired")
        .atMost(FOUND_WITHIN)
        .untilAsserted(
            () -> {
              Lifetime lifetime = LIFETIMES.get(NatKind.PORT_RESTRICTED);
              assertThat(lifetime).isNotNull();
              assertThat(lifetime.expired())
                  .hasValueSatisfying(gone -> assertThat(gone).isLessThanOrEqualTo(seconds(15)));
            });
    assertThat(LIFETIMES.get(NatKind.PORT_RESTRICTED).alive())
        .satisfies(alive -> assertThat(alive.orElse(seconds(9))).isEqualTo(seconds(9)));
  }

  private static Duration seconds(long count) {
    return Duration.ofSeconds(count);
  }
}
